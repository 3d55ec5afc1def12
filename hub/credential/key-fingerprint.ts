import { createHash } from 'node:crypto';

/** SHA-256 (base64) of a public key given as SPKI DER in base64, however its text is padded. */
export function keyFingerprint(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64');
}
