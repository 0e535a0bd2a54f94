// Grafast reads this once, when it is first imported; without it, it prints a notice at each start.
process.env['GRAPHILE_ENV'] ??= 'production'
