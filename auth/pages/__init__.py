"""Pages on which people sign in, allow, and see what they allowed. They work without JavaScript, in two languages."""
