// Loaded into every entry that run-until-end.mjs starts: when the channel to our parent closes, it was killed, and we end in order.
process.channel?.unref()
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
