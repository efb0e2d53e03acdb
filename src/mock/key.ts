/** The key that the stand-in takes by default: of a real key's form and length, and plainly no real one. */
export const STANDIN_KEY = `sk-mavi-${'fake-key-of-the-stand-in-'.repeat(4)}not-a-secret-fake0`;
