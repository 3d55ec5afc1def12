import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

// The program of the pods in pod-runner.test.ts: it shows what it was given, and ends when it is asked to.
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pod');
  switch (pathname) {
    case '/self':
      return response.end(
        JSON.stringify({ env: process.env, args: process.argv.slice(2), pid: process.pid }),
      );
    case '/file':
      return response.end(readFileSync(searchParams.get('path') ?? ''));
    case '/say':
      process.stdout.write(`${searchParams.get('line')}\n`);
      return response.end();
    case '/exit':
      response.end('ending', () => process.exit(Number(searchParams.get('code'))));
      return;
    default:
      return response.writeHead(200).end(pathname);
  }
});
process.on('SIGTERM', () => process.exit(0));
server.listen(8080, process.env.CLUSTERNET_BIND_ADDRESS, () => process.stdout.write('listening\n'));
