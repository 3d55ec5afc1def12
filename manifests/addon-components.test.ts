import assert from 'node:assert/strict';
import { parse, parseAllDocuments } from 'yaml';
import type { ClusterRole } from '../kube/builtin-kinds.ts';
import packageJson from '../package.json' with { type: 'json' };
import { imageOf, renderAddonComponents, renderClusterctlMetadata } from './render.ts';

const text = renderAddonComponents('1.2.3');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { readonly name: string }[];
  readonly ports: readonly { readonly name: string }[];
  readonly securityContext: object;
}

/** The fields that are looked at, of whatever kind has them. */
interface Rendered extends ClusterRole {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly strategy: object;
    readonly selector: object;
    readonly ports: readonly object[];
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: { readonly containers: readonly [Container, ...Container[]] };
    };
  };
}

const objects = parseAllDocuments(text).map(document => document.toJS() as Rendered);
const ofKind = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind));
const names = (found: readonly Rendered[]) =>
  found.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const containers = ofKind('Deployment').map(each => each.spec.template.spec.containers);

/** Kinds that clusterctl knows to be cluster-scoped; it moves all others into the namespace. */
const clusterScoped = [
  'Namespace',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
];

describe('addon-components.yaml, by the rules of clusterctl', () => {
  it('has exactly one Namespace', () => {
    assert.deepEqual(names(ofKind('Namespace')), ['Namespace clusternet-system']);
  });

  it('has every namespaced object in that namespace, none in kube-system', () => {
    const elsewhere = objects.filter(
      ({ kind, metadata }) =>
        !clusterScoped.includes(kind) && metadata.namespace !== 'clusternet-system',
    );
    assert.deepEqual(names(elsewhere), []);
    assert.doesNotMatch(text, /kube-system/);
  });

  it('has cluster-scoped objects whose names let an upgrade find them again', () => {
    for (const { metadata } of ofKind('ClusterRole', 'ClusterRoleBinding')) {
      assert.match(metadata.name, /^clusternet-system-/);
    }
  });

  it('has nothing whose reference to the namespace clusterctl would not rewrite', () => {
    const kinds = new Set(objects.map(({ kind }) => kind));
    const allowed = [
      ...clusterScoped,
      ...['ServiceAccount', 'Role', 'RoleBinding', 'Service', 'Deployment'],
    ];
    assert.deepEqual(
      [...kinds].filter(kind => !allowed.includes(kind)),
      [],
    );
  });

  it('has no state and no setting, which an upgrade would put back: no Secret, ConfigMap or policy', () => {
    assert.deepEqual(
      names(ofKind('Secret', 'ConfigMap', 'Lease', 'HubConnection', 'ClusterDiscoveryPolicy')),
      [],
    );
  });

  it('has Deployments of one container named manager', () => {
    assert.equal(containers.length, 4);
    for (const [only, ...others] of containers) {
      assert.equal(only.name, 'manager');
      assert.deepEqual(others, []);
    }
  });

  it('has one image, under its canonical name, so that one override reaches every component', () => {
    const images = new Set(containers.map(([only]) => only.image));
    assert.deepEqual([...images], [imageOf('1.2.3')]);
    assert.equal(imageOf('1.2.3'), 'ghcr.io/clusternet/clusternet:v1.2.3');
  });

  it('has CustomResourceDefinitions named plural.group', () => {
    const crds = ofKind('CustomResourceDefinition');
    assert.equal(crds.length, 17);
    for (const { metadata, spec } of crds) {
      assert.equal(metadata.name, `${spec.names.plural}.${spec.group}`);
    }
  });

  it('has only variables of our own in upper snake case, each with a default', () => {
    const found = [...text.matchAll(/\$\{([^}]*)\}/g)].map(match => match[1] ?? '');
    assert.ok(found.length >= 6);
    for (const each of found) {
      assert.match(each, /^(CLUSTERNET_[A-Z_]+:=.+|CLUSTERNET_NOTHING)$/);
    }
  });

  it('has counts that become numbers and texts that stay texts when variables are filled in', () => {
    assert.match(text, /^ {2}replicas: \$\{CLUSTERNET_HUB_REPLICAS:=1\}$/m);
    assert.match(text, /^ {2}replicas: \$\{CLUSTERNET_SELF_AGENT:=1\}$/m);
    assert.match(text, /value: "\$\{CLUSTERNET_SELF_NAME:=parent\}"$/m);
  });

  it("reads the front proxy's CA by a ClusterRole with the ConfigMap's name", () => {
    const hub = ofKind('ClusterRole').find(each => each.metadata.name === 'clusternet-system-hub');
    assert.deepEqual(
      hub?.rules?.filter(rule => rule.resources?.includes('configmaps')),
      [
        {
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: ['extension-apiserver-authentication'],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    );
  });

  it('runs every container without privilege and tells it who it is', () => {
    for (const [only] of containers) {
      assert.deepEqual(only.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const names = only.env.map(({ name }) => name);
      assert.deepEqual(names.slice(0, 3), ['POD_NAMESPACE', 'POD_NAME', 'POD_UID']);
      assert.ok(only.ports.some(({ name }) => name === 'health'));
    }
  });

  it('replaces the hub by stopping it first, and sends port 443 of its Service to 8443', () => {
    const hub = ofKind('Deployment').find(each => each.metadata.name === 'clusternet-hub');
    assert.deepEqual(hub?.spec.strategy, { type: 'Recreate' });
    const [service, ...others] = ofKind('Service');
    assert.deepEqual(others, []);
    assert.deepEqual(service?.spec.ports, [{ name: 'api', port: 443, targetPort: 'api' }]);
    assert.deepEqual(service?.spec.selector, hub?.spec.template.metadata.labels);
    const [container] = hub?.spec.template.spec.containers ?? [];
    assert.deepEqual(container?.ports[0], { name: 'api', containerPort: 8443 });
  });
});

describe('metadata.yaml, by the rules of clusterctl', () => {
  const metadata = parse(renderClusterctlMetadata());

  it('has the kind clusterctl reads strictly, and nothing else', () => {
    assert.equal(metadata.apiVersion, 'clusterctl.cluster.x-k8s.io/v1alpha3');
    assert.equal(metadata.kind, 'Metadata');
    assert.deepEqual(Object.keys(metadata), ['apiVersion', 'kind', 'releaseSeries']);
  });

  it('lists the minor version of this release with contract v1beta2', () => {
    const [major, minor] = packageJson.version.split('.').map(Number);
    assert.deepEqual(
      metadata.releaseSeries.find((each: { major: number; minor: number }) => each.minor === minor),
      { major, minor, contract: 'v1beta2' },
    );
  });
});
