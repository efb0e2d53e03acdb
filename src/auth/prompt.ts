/** Asks for a line on a terminal without showing what is typed. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Interrupted } from '../errors.ts';
import { abortable, type Host } from '../host.ts';

/** The line that is typed; empty at the end of the input. Throws Interrupted on Ctrl-C and on a signal. */
export async function askSilently(question: string, host: Host): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: host.stdin.stream, output: nowhere, terminal: true });
  // Asked only now: what is typed at once is not shown any more.
  host.stderr.write(question);
  try {
    return await abortable(
      new Promise<string>((resolve, reject) => {
        lines.on('line', resolve);
        lines.on('close', () => resolve(''));
        // In raw mode Ctrl-C is a character, not a signal.
        lines.on('SIGINT', () => reject(new Interrupted('SIGINT')));
      }),
      host.interrupt,
    );
  } finally {
    // Gives the terminal its echo back.
    lines.close();
    host.stderr.write('\n');
  }
}
