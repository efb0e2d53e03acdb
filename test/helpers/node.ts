/** The Node that runs the built program: the tests' own, or the one that the matrix names. */
export const NODE: string = process.env.MAVI_TEST_NODE || process.execPath;
