import type { DynamicObject } from '../../../api/kube-object.ts';
import type { ServingCertificate } from '../serving-certificate.ts';

/** The webhook Service of the Cluster API core manager. */
export const coreWebhookService = { namespace: 'capi-system', name: 'capi-webhook-service' };

/** The image name that a Cluster API release gives its core manager. */
export const coreManagerRepository = 'registry.k8s.io/cluster-api/cluster-api-controller';

/**
 * Turns the rendered configuration of the Cluster API module into what a release would install, with a certificate made by
 * us where a release leaves the making to cert-manager: its Certificate becomes the Secret that it asks for, and the CA
 * stands in every webhook and conversion.
 */
export function completeCoreComponents(
  rendered: readonly DynamicObject[],
  certificate: ServingCertificate,
  version: string,
): DynamicObject[] {
  return rendered
    .filter(object => object.kind !== 'Issuer')
    .map(object => completed(object, certificate, version));
}

function completed(
  object: DynamicObject,
  certificate: ServingCertificate,
  version: string,
): DynamicObject {
  switch (object.kind) {
    case 'Certificate':
      return issued(object, certificate);
    case 'CustomResourceDefinition':
    case 'MutatingWebhookConfiguration':
    case 'ValidatingWebhookConfiguration':
      return withoutInjection(trusting(object, certificate.caCertificate));
    case 'Deployment':
      return withImage(object, `${coreManagerRepository}:${version}`);
    default:
      return object;
  }
}

function issued(request: DynamicObject, certificate: ServingCertificate): DynamicObject {
  const { secretName } = request.spec as { secretName: string };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...request.metadata, name: secretName },
    type: 'kubernetes.io/tls',
    data: {
      'ca.crt': base64(certificate.caCertificate),
      'tls.crt': base64(certificate.certificate),
      'tls.key': base64(certificate.privateKey),
    },
  };
}

/** Adds the CA to every `clientConfig` within the object that names a Service. */
function trusting<T>(value: T, caCertificate: string): T {
  if (Array.isArray(value)) return value.map(item => trusting(item, caCertificate)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === 'clientConfig' && inner?.service !== undefined
      ? { ...inner, caBundle: base64(caCertificate) }
      : trusting(inner, caCertificate),
  ]);
  return Object.fromEntries(entries);
}

function withoutInjection(object: DynamicObject): DynamicObject {
  const { 'cert-manager.io/inject-ca-from': _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

interface PodOwner extends DynamicObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly object[] } };
  };
}

function withImage(deployment: DynamicObject, image: string): DynamicObject {
  const { spec, ...rest } = deployment as PodOwner;
  const containers = spec.template.spec.containers.map(container => ({ ...container, image }));
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
  return { ...rest, spec: { ...spec, template } } as DynamicObject;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
