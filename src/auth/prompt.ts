/** A prompt on a terminal that does not show what is typed. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { Interrupted } from '../errors.ts';
import { abortable, type Host } from '../host.ts';

/**
 * The line that is typed; empty at the end of the input. After Ctrl-Z and `fg`, the prompt is shown again.
 * Throws Interrupted on Ctrl-C and on a signal.
 */
export async function askSilently(question: string, host: Host): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const { stream } = host.stdin;
  const lines = createInterface({ input: stream, output: nowhere, terminal: true });
  const setRaw = (raw: boolean): void =>
    void ('setRawMode' in stream && (stream as ReadStream).setRawMode(raw));
  const endSuspend = host.jobs.onSuspend(
    () => setRaw(false),
    () => {
      // Set anew, because Node skips a mode that it has set before, and the shell may have changed it since.
      setRaw(false);
      setRaw(true);
      host.stderr.write(question);
    },
  );
  // Only now, when the terminal no longer shows what is typed.
  host.stderr.write(question);
  try {
    return await abortable(
      new Promise<string>((resolve, reject) => {
        lines.on('line', resolve);
        lines.on('close', () => resolve(''));
        // In raw mode Ctrl-C and Ctrl-Z are characters, not signals.
        lines.on('SIGINT', () => reject(new Interrupted('SIGINT')));
        lines.on('SIGTSTP', () => host.jobs.suspend());
      }),
      host.interrupt,
    );
  } finally {
    endSuspend();
    // Restores the terminal's echo.
    lines.close();
    host.stderr.write('\n');
  }
}
