/** The licences of the packages in a bundle. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package that names a licence without its text, and the one of the same author that ships the text. */
const TEXT_IN = { 'truncate-utf8-bytes': 'sanitize-filename' };

/**
 * Name, version and licence text of every package of which esbuild has put a byte into the outputs of a bundle.
 * Throws if one of them has no licence text.
 */
export function thirdPartyLicences(metafile, root) {
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const folders = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([input]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []);
  // Two copies of one version are one package.
  const texts = new Map(folders.map((folder) => textOf(join(root, folder))));
  const parts = [...texts.keys()].sort().map((title) => {
    return `${title}\n${'-'.repeat(title.length)}\n\n${texts.get(title)}\n`;
  });
  return `mavi contains these packages, each under its own licence.\n\n${parts.join('\n\n')}`;
}

function textOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const place = name in TEXT_IN ? join(folder, '..', TEXT_IN[name]) : folder;
  const texts = readdirSync(place)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(place, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (texts.length === 0) throw new Error(`${name} ${version} is bundled, but has no licence text`);
  return [`${name} ${version} (${license})`, texts.join('\n\n')];
}
