import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { ClusterRegistrationRequest } from '../../api/clusters/cluster-registration-request.ts';
import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { publicKeyText, signCredential } from '../../api/proxies/socket-credential.ts';
import { annotations } from '../../api/well-known.ts';
import { type CredentialCase, judgeCredential } from './credential-verdict.ts';
import { keyFingerprint } from './key-fingerprint.ts';

const clusterId = '3f2b8a90-1111-4222-8333-444455556666';
const namespace = 'clusternet-3f2b8a90-1111';
const bootstrap = `system:serviceaccount:${namespace}:clusternet-bootstrap`;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const agentKey = newKey();
const thiefKey = newKey();

interface Variation {
  readonly signedBy?: KeyObject;
  readonly signedFor?: { clusterId: string; crrUid: string };
  readonly keyInRequest?: KeyObject;
  readonly keyInCluster?: KeyObject;
  readonly caller?: string;
  readonly result?: string;
  readonly leaving?: boolean;
}

function setUp(variation: Variation): CredentialCase {
  const { signedBy = agentKey, keyInRequest, keyInCluster, caller = bootstrap } = variation;
  const subject = variation.signedFor ?? { clusterId, crrUid: 'uid-1' };
  const request: ClusterRegistrationRequest = {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ClusterRegistrationRequest',
    metadata: { name: `clusternet-${clusterId}`, uid: 'uid-1' },
    spec: { clusterId, ...(keyInRequest ? { publicKey: publicKeyText(keyInRequest) } : {}) },
    status: { result: variation.result ?? 'Approved' },
  };
  const cluster: ManagedCluster = {
    apiVersion: 'clusters.clusternet.io/v1beta1',
    kind: 'ManagedCluster',
    metadata: {
      name: 'edge',
      namespace,
      ...(variation.leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      annotations: keyInCluster
        ? { [annotations.agentKey]: keyFingerprint(publicKeyText(keyInCluster)) }
        : {},
    },
    spec: { clusterId, syncMode: 'Pull' },
  };
  const { spec } = signCredential(signedBy, subject, randomBytes(16), new Date());
  return { clusterId, caller, spec, request, cluster };
}

function refusal(variation: Variation): string {
  const verdict = judgeCredential(setUp(variation));
  return verdict.kind === 'refuse' ? `${verdict.code} ${verdict.message}` : verdict.kind;
}

function pins(variation: Variation): readonly string[] | undefined {
  const verdict = judgeCredential(setUp(variation));
  return verdict.kind === 'issue' ? verdict.pin : undefined;
}

describe('judgeCredential', () => {
  it('pins the first key of a request that discovery made in advance, in both places', () => {
    assert.deepEqual(pins({}), ['request', 'cluster']);
  });

  it('lets nobody but the bootstrap account decide that first key', () => {
    assert.match(
      refusal({ caller: 'system:bootstrap:abcdef' }),
      /^403 .*clusternet-bootstrap only/,
    );
    const foreign = 'system:serviceaccount:other:clusternet-bootstrap';
    assert.match(refusal({ caller: foreign }), /^403/);
  });

  it('gives the credential to the pinned key, whoever carries it', () => {
    const caller = 'system:bootstrap:abcdef';
    assert.deepEqual(pins({ keyInRequest: agentKey, caller }), ['cluster']);
    assert.deepEqual(pins({ keyInRequest: agentKey, keyInCluster: agentKey, caller }), []);
    assert.deepEqual(pins({ keyInCluster: agentKey, caller }), ['request']);
  });

  it('refuses another key, in whichever place the first is pinned', () => {
    assert.match(refusal({ signedBy: thiefKey, keyInRequest: agentKey }), /^403 .*another key/);
    assert.match(refusal({ signedBy: thiefKey, keyInCluster: agentKey }), /^403 .*another key/);
  });

  it('refuses a signature for another cluster or another registration', () => {
    const otherCluster = { clusterId: clusterId.replace('3f', '4f'), crrUid: 'uid-1' };
    assert.match(refusal({ signedFor: otherCluster }), /^403 spec.signature/);
    assert.match(refusal({ signedFor: { clusterId, crrUid: 'uid-0' } }), /^403 spec.signature/);
  });

  it('gives nothing before approval, after denial, or to a cluster that leaves', () => {
    assert.match(refusal({ result: '' }), /^409 .*not approved yet/);
    assert.match(refusal({ result: 'Denied' }), /^403 .*was denied/);
    assert.match(refusal({ leaving: true }), /^403 .*leaving/);
    const missing = judgeCredential({ ...setUp({}), request: undefined });
    assert.equal(missing.kind === 'refuse' && missing.code, 404);
  });
});
