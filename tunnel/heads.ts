import { type ResetCode, resetCodes, StreamResetError } from './tunnel-error.ts';

/** Header names and values in turn, in wire order with duplicates: `['accept', 'a', 'accept', 'b']`. Values are latin1. */
export type HeaderList = readonly string[];

/** What the hub asks an agent to do. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, byte for byte as the client sent them. */
  readonly path: string;
  readonly headers: HeaderList;
  /** `child` is the child's own API server; anything else is for the agent to judge. */
  readonly target: string;
  /** A TLS identity to use towards the target instead of none. */
  readonly identity?: TlsIdentity;
  /** Upgrade token: the stream becomes a raw byte stream when the answer is 101. */
  readonly upgrade?: string;
}

/** PEM texts. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderList;
}

/** The first frame in each direction. Fields we do not know are ignored. */
export interface Hello {
  readonly protocol: number;
  /** Name and version of the program, for people. */
  readonly build: string;
  /** Credit this end gives to each new stream. */
  readonly windowBytes: number;
  readonly headBytes: number;
  readonly streams: number;
}

export interface GoAway {
  readonly reason: string;
  /** The peer spreads its reconnect over this long. */
  readonly reconnectWithinMs: number;
}

export interface Reset {
  readonly code: ResetCode;
  readonly message: string;
}

export const PROTOCOL_VERSION = 1;

/** The websocket subprotocol of this protocol. */
export const SUBPROTOCOL = 'v1.tunnel.clusternet.io';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN_LIST = /^[!#$%&'*+\-.^_`|~0-9A-Za-z/, ]+$/;
const PEM = /^[\n\r\x20-\x7e]+$/;
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/;

/** Each parser throws a StreamResetError `malformed` that says which field is wrong. */
export function parseRequestHead(payload: Buffer): RequestHead {
  const head = parseObject(payload, 'request');
  const method = text(head, 'method', TOKEN);
  const path = text(head, 'path', PATH);
  const target = text(head, 'target', HEADER_VALUE);
  const headers = headerList(head);
  return {
    method,
    path,
    headers,
    target,
    ...(head.identity !== undefined && { identity: tlsIdentity(head.identity) }),
    ...(head.upgrade !== undefined && { upgrade: text(head, 'upgrade', TOKEN_LIST) }),
  };
}

export function parseResponseHead(payload: Buffer): ResponseHead {
  const head = parseObject(payload, 'response');
  return { status: integer(head, 'status', 100, 999), headers: headerList(head) };
}

export function parseTrailers(payload: Buffer): HeaderList {
  return headerList(parseObject(payload, 'trailers'));
}

export function parseHello(payload: Buffer): Hello {
  const hello = parseObject(payload, 'hello');
  return {
    protocol: integer(hello, 'protocol', 1, 1_000_000),
    build: text(hello, 'build', HEADER_VALUE),
    windowBytes: integer(hello, 'windowBytes', 1_024, 64 * 1024 * 1024),
    headBytes: integer(hello, 'headBytes', 1_024, 16 * 1024 * 1024 - 1),
    streams: integer(hello, 'streams', 1, 1_000_000),
  };
}

export function parseGoAway(payload: Buffer): GoAway {
  const goAway = parseObject(payload, 'goAway');
  return {
    reason: text(goAway, 'reason', HEADER_VALUE),
    reconnectWithinMs: integer(goAway, 'reconnectWithinMs', 0, 600_000),
  };
}

/** A reset always resets: one we cannot read counts as `internal`. */
export function parseReset(payload: Buffer): Reset {
  try {
    const { code, message } = parseObject(payload, 'reset');
    return {
      code: resetCodes.find(known => known === code) ?? 'internal',
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { code: 'internal', message: 'unreadable reset' };
  }
}

function tlsIdentity(value: unknown): TlsIdentity {
  const identity = (value ?? {}) as Fields;
  return { certificate: text(identity, 'certificate', PEM), key: text(identity, 'key', PEM) };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(payload: Buffer, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw new StreamResetError('malformed', `the ${what} frame is not JSON`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StreamResetError('malformed', `the ${what} frame is not a JSON object`);
  }
  return value as Fields;
}

function text(fields: Fields, name: string, allowed: RegExp): string {
  const value = fields[name];
  if (typeof value !== 'string' || !allowed.test(value)) {
    throw new StreamResetError('malformed', `field ${name} is not a string of allowed characters`);
  }
  return value;
}

function integer(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new StreamResetError(
      'malformed',
      `field ${name} is not an integer from ${min} to ${max}`,
    );
  }
  return value;
}

function headerList(fields: Fields): HeaderList {
  const { headers } = fields;
  if (!Array.isArray(headers) || headers.length % 2 !== 0) {
    throw new StreamResetError('malformed', 'field headers is not a list of names and values');
  }
  for (const [index, item] of headers.entries()) {
    const allowed = index % 2 === 0 ? TOKEN : HEADER_VALUE;
    if (typeof item !== 'string' || !allowed.test(item)) {
      throw new StreamResetError('malformed', `field headers has a bad entry at ${index}`);
    }
  }
  return headers as string[];
}
