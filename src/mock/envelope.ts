/** The JSON object that the API wraps every answer in, but a video. */
export interface Envelope {
  readonly code: string;
  readonly msg: string;
  readonly data: unknown;
  readonly success: boolean;
  readonly failed: boolean;
}

/** A good answer. */
export function success(data: unknown): Envelope {
  return { code: '0000', msg: 'success', data, success: true, failed: false };
}

/** A failure of the API itself; its HTTP status is 200. */
export function failure(code: string, msg: string): Envelope {
  return { code, msg, data: null, success: false, failed: true };
}

/** The failures that the API is known for. */
export const FAILURES = {
  unknownVideo: failure('0001', 'download video error'),
  noVideoNo: failure('0001', 'The video number cannot be empty!'),
  networkAbnormal: failure('0001', 'The network is abnormal, please try again'),
  badParameter: failure('0003', 'Parameter error'),
  unauthorized: failure('0401', 'The API key is invalid or has no permission'),
  noCredits: failure('0402', 'Insufficient credits'),
  disabled: failure('0403', 'The account has been disabled'),
  rateLimit: failure('0429', 'Request has exceeded the limit.'),
} as const;

/** What the API's infrastructure answers in its stead, with a real status and without code and msg. */
export function springError(status: number, error: string, path: string, nowMs: number) {
  return { timestamp: new Date(nowMs).toISOString(), path, status, error, requestId: `mock-${status}` };
}
