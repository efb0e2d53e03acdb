/** What most commands do, as one part of the bundle: --help and --version start without it. */
export * from '../auth/run.ts';
export { runConfig } from '../config/run.ts';
export { runDownload } from '../download/run.ts';
export { runList } from '../library/list.ts';
export { runSync } from '../sync/run.ts';
export { runVerify } from '../verify/run.ts';
