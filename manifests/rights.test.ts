import assert from 'node:assert/strict';
import type { ClusterRole, PolicyRule, RoleBinding } from '../kube/builtin-kinds.ts';
import { agentIdentity, agentObjects, workloadGrants } from './agent.ts';
import {
  bootstrapGrants,
  childGrants,
  proxyImpersonatorGrants,
  proxyUserGrants,
} from './child-access.ts';
import { discoveryIdentity } from './discovery.ts';
import { type Grant, policyRules } from './grant.ts';
import { hubIdentity } from './hub.ts';
import { parentObjects } from './render.ts';
import { schedulerIdentity } from './scheduler.ts';

const child = agentObjects({
  namespace: 'clusternet-system',
  image: 'image',
  replicas: 1,
  deployerRole: 'ClusterAdmin',
  parentURL: 'https://parent:6443',
  caBundle: 'PEM',
  bootstrapToken: 'token',
});
const parent = parentObjects('0.1.0');

interface NamedRule extends PolicyRule {
  readonly role: string;
}

function rulesIn(objects: readonly { kind: string }[]): readonly NamedRule[] {
  return objects
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap(object => {
      const { metadata, rules } = object as ClusterRole;
      return (rules ?? []).map(rule => ({ ...rule, role: metadata.name ?? '' }));
    });
}

function having(rules: readonly NamedRule[], verb: string, resource?: string): NamedRule[] {
  return rules.filter(
    rule =>
      rule.verbs.includes(verb) && (resource === undefined || rule.resources?.includes(resource)),
  );
}

function bindingsTo(role: string): readonly RoleBinding[] {
  return [...parent, ...child].filter(
    object => 'roleRef' in object && (object as unknown as RoleBinding).roleRef.name === role,
  ) as unknown as RoleBinding[];
}

const roles = (rules: readonly NamedRule[]) => [...new Set(rules.map(rule => rule.role))];
const inParent = rulesIn(parent);

describe('rights', () => {
  it('are enumerated: no wildcard in the parent or in a child', () => {
    for (const rule of [...inParent, ...rulesIn(child)]) {
      const words = [...rule.verbs, ...(rule.apiGroups ?? []), ...(rule.resources ?? [])];
      assert.ok(!words.some(word => word.includes('*')), `${rule.role}: ${words.join(' ')}`);
      assert.equal(rule.nonResourceURLs, undefined);
    }
  });

  it('are never escalated', () => {
    assert.deepEqual(roles(having([...inParent, ...rulesIn(child)], 'escalate')), []);
  });

  it('bind one ClusterRole only, and by the hub only', () => {
    assert.deepEqual(having(inParent, 'bind'), [
      {
        role: 'clusternet-system-hub',
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['clusternet-system-child'],
        verbs: ['bind'],
      },
    ]);
  });

  it('impersonate only by a role that is bound to nobody', () => {
    const role = 'clusternet-system-proxy-impersonator';
    assert.deepEqual(roles(having([...inParent, ...rulesIn(child)], 'impersonate')), [role]);
    assert.deepEqual(bindingsTo(role), []);
  });

  it('make tokens for named ServiceAccounts only', () => {
    const tokens = having([...inParent, ...rulesIn(child)], 'create', 'serviceaccounts/token');
    assert.deepEqual(
      tokens.map(({ role, resourceNames }) => [role, resourceNames]),
      [
        ['clusternet-system-hub', ['clusternet-child']],
        ['clusternet-system-discovery', ['clusternet-bootstrap']],
        ['clusternet-agent', ['clusternet-app-deployer']],
        ['clusternet-agent', ['clusternet-app-deployer']],
      ],
    );
  });

  it('list or watch Secrets by name only, but for the deployer of workloads', () => {
    const secrets = inParent.filter(rule => rule.resources?.includes('secrets'));
    for (const rule of secrets) {
      if (rule.role === 'clusternet-system-workloads-basic') continue;
      const unnamed = rule.resourceNames === undefined;
      assert.ok(!(unnamed && (rule.verbs.includes('list') || rule.verbs.includes('watch'))));
    }
    const anywhere = secrets.filter(rule => rule.role === 'clusternet-system-discovery');
    assert.deepEqual(
      anywhere.map(({ verbs }) => verbs),
      [['get']],
    );
  });

  it('give the hub no pods, and no Secret but its own', () => {
    const ofHub = inParent.filter(({ role }) => role.endsWith('hub'));
    assert.deepEqual(
      ofHub.filter(({ resources }) => resources?.includes('pods')),
      [],
    );
    assert.deepEqual(
      ofHub
        .filter(({ resources }) => resources?.includes('secrets'))
        .map(({ role, verbs, resourceNames }) => [role, verbs.join(' '), resourceNames]),
      [
        ['clusternet-hub', 'create', undefined],
        ['clusternet-hub', 'get list watch patch update', ['clusternet-hub-tls']],
      ],
    );
  });

  it('let the hub change no role: it makes and deletes them', () => {
    for (const resource of ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']) {
      for (const verb of ['update', 'patch']) {
        assert.deepEqual(roles(having(inParent, verb, resource)), []);
      }
    }
  });

  it('give a child nothing outside its namespace: its role is bound by the hub, not here', () => {
    assert.deepEqual(bindingsTo('clusternet-system-child'), []);
    assert.deepEqual(
      policyRules(childGrants).filter(({ resources }) => resources?.includes('secrets')),
      [],
    );
  });

  it('give nobody but the user clusternet the way through to every child', () => {
    const bindings = bindingsTo('clusternet-system-proxy-user');
    assert.deepEqual(
      bindings.map(({ subjects }) => subjects),
      [[{ kind: 'User', name: 'clusternet', apiGroup: 'rbac.authorization.k8s.io' }]],
    );
    assert.deepEqual(roles(having(inParent, 'get', 'sockets/proxy')), [
      'clusternet-system-proxy-user',
    ]);
  });

  it("let nobody but the scheduler ask a child's predictor", () => {
    const asking = having(inParent, 'create', 'sockets/predict');
    assert.deepEqual(roles(asking), ['clusternet-system-scheduler']);
    assert.deepEqual(
      bindingsTo('clusternet-system-scheduler').map(({ subjects }) =>
        subjects?.map(({ kind, name }) => `${kind} ${name}`),
      ),
      [['ServiceAccount clusternet-scheduler']],
    );
  });

  it('make nobody an administrator in the parent, and in a child the deployer alone', () => {
    const bound = (objects: readonly object[]) =>
      (objects as readonly RoleBinding[]).filter(each => each.roleRef?.name === 'cluster-admin');
    assert.deepEqual(bound(parent), []);
    assert.deepEqual(
      bound(child).map(({ subjects }) => subjects?.map(({ name }) => name)),
      [['clusternet-app-deployer']],
    );
  });

  it('have a reason each, and name something only once per role', () => {
    const all: Record<string, readonly Grant[]> = {
      hub: hubIdentity.everywhere,
      'hub at home': hubIdentity.atHome,
      scheduler: [...schedulerIdentity.everywhere, ...schedulerIdentity.atHome],
      discovery: discoveryIdentity.everywhere,
      'discovery at home': discoveryIdentity.atHome,
      agent: agentIdentity.everywhere,
      'agent at home': agentIdentity.atHome,
      workloads: workloadGrants,
      child: childGrants,
      bootstrapping: bootstrapGrants,
      impersonator: proxyImpersonatorGrants,
      'proxy user': proxyUserGrants,
    };
    for (const [who, grants] of Object.entries(all)) {
      const keys = grants.flatMap(({ verbs, group, resources, names }) =>
        resources.flatMap(resource => verbs.map(verb => `${verb} ${group}/${resource} ${names}`)),
      );
      assert.equal(new Set(keys).size, keys.length, who);
      for (const { why } of grants) assert.match(why, /^[a-z].+[^.]$/, who);
    }
  });
});
