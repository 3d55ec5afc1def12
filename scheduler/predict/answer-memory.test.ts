import assert from 'node:assert/strict';
import { AnswerMemory } from './answer-memory.ts';

describe('AnswerMemory', () => {
  it('knows the last answer of each cluster to each question', () => {
    const memory = new AnswerMemory(2);
    memory.set('a', 'q', { replicas: 1, at: 0 });
    memory.set('b', 'q', { replicas: 2, at: 0 });
    memory.set('a', 'q', { replicas: 3, at: 1 });
    assert.deepEqual(memory.get('a', 'q'), { replicas: 3, at: 1 });
    assert.deepEqual(memory.get('b', 'q'), { replicas: 2, at: 0 });
    assert.equal(memory.get('a', 'other'), undefined);
  });

  it('forgets the question that was answered longest ago when there are too many', () => {
    const memory = new AnswerMemory(2);
    for (const question of ['one', 'two', 'one', 'three']) {
      memory.set('a', question, { replicas: 1, at: 0 });
    }
    const known = ['one', 'two', 'three'].filter(each => memory.get('a', each) !== undefined);
    assert.deepEqual(known, ['one', 'three']);
  });
});
