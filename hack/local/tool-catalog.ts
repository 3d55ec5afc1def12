/** The programs that hack/tools pins, in the order in which a test bed needs them. */
export const toolNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'kwok',
  'clusterctl',
  'cluster-api-core',
  'helm',
  'kube-scheduler',
] as const;

export type ToolName = (typeof toolNames)[number];

/** How one program is built. */
export interface ToolRecipe {
  /** The Go package of its main function. */
  readonly package: string;
  readonly ldflags: string;
  /** CPU seconds of a build with empty caches in catalog order (measured); only the proportions matter, for estimates. */
  readonly weight: number;
}

/** The recipes for the versions a go.mod pins. Throws when it does not pin one of the modules. */
export function toolCatalog(goMod: string): Readonly<Record<ToolName, ToolRecipe>> {
  const kubernetes = kubernetesStamps(pinnedVersion(goMod, 'k8s.io/kubernetes'));
  const clusterApi = versionStamps(
    ['sigs.k8s.io/cluster-api/version'],
    pinnedVersion(goMod, 'sigs.k8s.io/cluster-api'),
  );
  const helm = stamp(
    'helm.sh/helm/v4/internal/version.version',
    pinnedVersion(goMod, 'helm.sh/helm/v4'),
  );
  const kwok = stamp(
    'sigs.k8s.io/kwok/pkg/consts.Version',
    pinnedVersion(goMod, 'sigs.k8s.io/kwok'),
  );
  return {
    etcd: recipe('go.etcd.io/etcd/server/v3', [], 74),
    'kube-apiserver': recipe('k8s.io/kubernetes/cmd/kube-apiserver', kubernetes, 370),
    'kube-controller-manager': recipe(
      'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubernetes,
      85,
    ),
    kubectl: recipe('k8s.io/kubernetes/cmd/kubectl', kubernetes, 30),
    kwok: recipe('sigs.k8s.io/kwok/cmd/kwok', [kwok], 18),
    clusterctl: recipe('sigs.k8s.io/cluster-api/cmd/clusterctl', clusterApi, 20),
    'cluster-api-core': recipe('sigs.k8s.io/cluster-api/core', clusterApi, 50),
    helm: recipe('helm.sh/helm/v4/cmd/helm', [helm, ...kubernetes], 34),
    'kube-scheduler': recipe('k8s.io/kubernetes/cmd/kube-scheduler', kubernetes, 6),
  };
}

/** The version a go.mod requires a module at. */
export function pinnedVersion(goMod: string, module: string): string {
  const line = goMod
    .split('\n')
    .map(text => text.trim().split(/\s+/))
    .find(([first, second]) => first === module && second?.startsWith('v'));
  if (line?.[1] === undefined) throw new Error(`hack/tools/go.mod does not require ${module}`);
  return line[1];
}

function recipe(packagePath: string, stamps: readonly string[], weight: number): ToolRecipe {
  return { package: packagePath, ldflags: ['-s', '-w', ...stamps].join(' '), weight };
}

// Kubernetes programs take their version from the linker; client-go has its own copy for the user agent.
function kubernetesStamps(version: string): string[] {
  return versionStamps(['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'], version);
}

function versionStamps(packages: readonly string[], version: string): string[] {
  const [major, minor] = version.slice(1).split('.');
  return packages.flatMap(path => [
    stamp(`${path}.gitVersion`, version),
    stamp(`${path}.gitMajor`, major ?? ''),
    stamp(`${path}.gitMinor`, minor ?? ''),
    stamp(`${path}.gitTreeState`, 'clean'),
    stamp(`${path}.gitCommit`, 'pinned-by-go-sum'),
    stamp(`${path}.buildDate`, '1970-01-01T00:00:00Z'),
  ]);
}

function stamp(variable: string, value: string): string {
  return `-X ${variable}=${value}`;
}
