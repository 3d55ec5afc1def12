import { refuse, refuseUpgrade } from './answer.ts';
import type { SocketHandlers } from './authenticated-request.ts';
import { StatusError } from './status-error.ts';

/** What a hub answers that has no access plane. */
export const noTunnels: SocketHandlers = {
  handleUpgrade: (_request, socket) => refuseUpgrade(socket, unavailable()),
  handleProxy: (_request, response) => refuse(response, unavailable()),
  cut: () => {},
};

function unavailable(): StatusError {
  return new StatusError(503, 'This hub takes no tunnels yet.', 30);
}
