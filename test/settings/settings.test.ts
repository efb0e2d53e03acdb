import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  DEFINITIONS,
  originOf,
  resolveSettings,
  SETTING_NAMES,
  type SettingName,
} from '../../src/settings/settings.ts';

interface Sample {
  readonly name: SettingName;
  /** Its name as a flag, in the environment and in the settings file. */
  readonly flag: string;
  readonly variable: string;
  readonly config: string;
  /** Two texts and their values, and the default. */
  readonly first: readonly [string, unknown];
  readonly second: readonly [string, unknown];
  readonly fallback: unknown;
  /** A text that cannot be its value. */
  readonly malformed: string;
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'uniqueId',
    flag: '-u, --unique-id <id>',
    variable: 'MAVI_UNIQUE_ID',
    config: 'unique-id',
    first: ['holiday', 'holiday'],
    second: ['work', 'work'],
    fallback: 'default',
    malformed: 'two\nlines',
  },
  {
    name: 'baseUrl',
    flag: '--base-url <url>',
    variable: 'MAVI_BASE_URL',
    config: 'base-url',
    first: ['https://example.com/v2/', new URL('https://example.com/v2')],
    second: ['http://127.0.0.1:1', new URL('http://127.0.0.1:1/serve/api/v1')],
    fallback: new URL('https://api.memories.ai/serve/api/v1'),
    malformed: 'http://example.com',
  },
  {
    name: 'rate',
    flag: '--rate <n>',
    variable: 'MAVI_RATE',
    config: 'rate',
    first: ['1/s', { starts: 1, windowMs: 1000 }],
    second: ['0', null],
    fallback: { starts: 12, windowMs: 60_000 },
    malformed: '-1',
  },
  {
    name: 'concurrency',
    flag: '-c, --concurrency <n>',
    variable: 'MAVI_CONCURRENCY',
    config: 'concurrency',
    first: ['1', 1],
    second: ['256', 256],
    fallback: 3,
    malformed: '0',
  },
  {
    name: 'retries',
    flag: '--retries <n>',
    variable: 'MAVI_RETRIES',
    config: 'retries',
    first: ['0', 0],
    second: ['1000', 1000],
    fallback: 5,
    malformed: '1001',
  },
  {
    name: 'connectTimeoutMs',
    flag: '--connect-timeout <s>',
    variable: 'MAVI_CONNECT_TIMEOUT',
    config: 'connect-timeout',
    first: ['2.5', 2500],
    second: ['90', 90_000],
    fallback: 30_000,
    malformed: '1m',
  },
  {
    name: 'timeoutMs',
    flag: '--timeout <s>',
    variable: 'MAVI_TIMEOUT',
    config: 'timeout',
    first: ['2.5', 2500],
    second: ['90', 90_000],
    fallback: 60_000,
    malformed: 'never',
  },
  {
    name: 'limitRate',
    flag: '--limit-rate <bytes/s>',
    variable: 'MAVI_LIMIT_RATE',
    config: 'limit-rate',
    first: ['10M', 10_485_760],
    second: ['0', null],
    fallback: null,
    malformed: '-1',
  },
];

function value(sample: Sample, flag?: string, variable?: string, stored?: string): unknown {
  const settings = resolveSettings(
    { [sample.name]: flag },
    variable === undefined ? {} : { [sample.variable]: variable },
    stored === undefined ? {} : { [sample.config]: stored },
  );
  return settings[sample.name];
}

it('every setting is in the tables below', () => {
  expect(SAMPLES.map(({ name }) => name)).toEqual(SETTING_NAMES);
});

describe.each(SAMPLES)('$config', (sample) => {
  const { name, flag, variable, config, malformed } = sample;
  const [[firstText, first], [secondText, second]] = [sample.first, sample.second];

  it('has the same name everywhere', () => {
    expect(DEFINITIONS[name]).toMatchObject({ flag, variable, config });
    expect(flag).toContain(`--${config} `);
  });

  it('has a default', () => {
    expect(value(sample)).toEqual(sample.fallback);
    expect(originOf(name, {}, {}, {})).toMatchObject({ source: 'default' });
  });

  it('is taken from the settings file before the default', () => {
    expect(value(sample, undefined, undefined, firstText)).toEqual(first);
    expect(originOf(name, {}, {}, { [config]: firstText })).toEqual({ source: 'config', text: firstText });
  });

  it('is taken from the environment before the settings file', () => {
    expect(value(sample, undefined, firstText, secondText)).toEqual(first);
    expect(originOf(name, {}, { [variable]: firstText }, { [config]: secondText })).toEqual({
      source: 'environment',
      text: firstText,
    });
  });

  it('is taken from the flag before everything else', () => {
    expect(value(sample, firstText, secondText, malformed)).toEqual(first);
    expect(value(sample, secondText, firstText, firstText)).toEqual(second);
    expect(originOf(name, { [name]: firstText }, { [variable]: secondText }, {})).toEqual({
      source: 'flag',
      text: firstText,
    });
  });

  it('is not set by an empty variable', () => {
    expect(value(sample, undefined, '', secondText)).toEqual(second);
    expect(value(sample, undefined, '')).toEqual(sample.fallback);
  });

  it('is malformed as an empty flag', () => {
    expect(() => value(sample, '', firstText)).toThrow(`--${config} takes `);
  });

  it.each([
    ['the flag', () => value(sample, malformed), `--${config}`, ''],
    ['the variable', () => value(sample, undefined, malformed), variable, ''],
    [
      'the settings file',
      () => value(sample, undefined, undefined, malformed),
      `the setting ${config}`,
      `reset it with: mavi config unset ${config}`,
    ],
  ])('that is malformed in %s is a usage error that names it', (_where, attempt, place, hint) => {
    expect(attempt).toThrow(UsageError);
    const message = expect.stringMatching(new RegExp(`^${place} takes .*, not '`));
    expect(attempt).toThrow(expect.objectContaining({ exitCode: 2, code: 'usage', message, hint }));
  });
});

describe('the settings', () => {
  it('cannot be changed once they are resolved', () => {
    expect(Object.isFrozen(resolveSettings({}, {}, {}))).toBe(true);
  });

  it('each have a summary for help', () => {
    expect(
      SETTING_NAMES.map((name) => `${DEFINITIONS[name].config}: ${DEFINITIONS[name].summary}`),
    ).toMatchInlineSnapshot(`
        [
          "unique-id: library scope, as given at upload",
          "base-url: address of the API",
          "rate: video requests per minute, retries included; also 12/m, 1/s, 700/h; 0 = no limit",
          "concurrency: number of simultaneous downloads",
          "retries: number of retries",
          "connect-timeout: connection timeout, in seconds; 0 = no limit",
          "timeout: longest time without data, in seconds; 0 = no limit",
          "limit-rate: bytes per second for all videos together, such as 10M; 0 = no limit",
        ]
      `);
  });

  it('show a malformed text in the error, but no key in it', () => {
    const key = `sk-mavi-${'k'.repeat(40)}wxyz`;
    expect(() => resolveSettings({ rate: key }, {}, {})).toThrow(/not 'sk-mavi-…wxyz'$/);
    expect(() => resolveSettings({ baseUrl: `https://${key}@example.com` }, {}, {})).toThrow(
      /not 'https:\/\/…@example.com'$/,
    );
    expect(() => resolveSettings({}, { MAVI_TIMEOUT: 'soon' }, {})).toThrow(
      "MAVI_TIMEOUT takes a number of seconds, such as 30 or 0.5 (0 = no limit), not 'soon'",
    );
  });
});
