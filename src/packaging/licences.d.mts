import type { Metafile } from 'esbuild';

export function thirdPartyLicences(metafile: Pick<Metafile, 'outputs'>, root: string): string;
