// Pairing: a code on the television, typed here, makes this browser one that may change things.

/** Asks for the code until there is a token. */
export async function pair() {}
