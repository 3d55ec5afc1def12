import { KubeClient } from '../../kube/client.ts';
import { createDispatcher } from '../../kube/dispatcher.ts';
import { type CertificateFiles, readPem } from './certificates.ts';

/** A client of one of our API servers with the administrator's certificate. Close its access when done. */
export async function administratorOf(
  server: string,
  certificates: Pick<CertificateFiles, 'ca' | 'admin'>,
): Promise<KubeClient> {
  const tls = {
    ca: await readPem(certificates.ca.certificate),
    cert: await readPem(certificates.admin.certificate),
    key: await readPem(certificates.admin.key),
  };
  const dispatcher = createDispatcher(tls);
  return new KubeClient({
    server: new URL(server),
    dispatcher,
    tls,
    authorization: async () => undefined,
    close: () => dispatcher.destroy(),
  });
}

/** Whether an API server says that it is ready; one that does not answer is not. */
export async function isReady(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await client.request({ method: 'GET', path: '/readyz' }, signal);
    await response.body.text();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}
