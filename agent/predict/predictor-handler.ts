import type { RequestHandler } from '../../tunnel/agent-end.ts';
import { StreamResetError } from '../../tunnel/tunnel-error.ts';
import { answerQuestion, contentTypeOf } from './answer-question.ts';
import type { Predictor } from './predictor.ts';

/** Answers the hub's requests with target `predictor`. */
export function predictorHandler(predictor: Predictor): RequestHandler {
  return async request => {
    const { head, stream } = request;
    const gone = new AbortController();
    stream.once('close', () => gone.abort(new StreamResetError('cancelled', 'the hub gave up')));
    const { method, path } = head;
    const answer = await answerQuestion(predictor, { method, path, body: stream }, gone.signal);
    const body = Buffer.from(answer.body);
    request.respond({
      status: answer.status,
      headers: ['Content-Type', contentTypeOf(answer), 'Content-Length', String(body.length)],
    });
    stream.end(body);
  };
}
