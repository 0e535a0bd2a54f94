// Sends the only form of the page. Without this script its button does.
document.querySelector('main form').submit();
