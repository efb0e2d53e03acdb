/** The key that the mock takes by default: of a real key's form and length, and plainly no real one. */
export const MOCK_KEY = `sk-mavi-${'fake-key-of-the-mock-'.repeat(4)}not-a-secret-fake0`;
