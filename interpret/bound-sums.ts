import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * A CEL expression, written anew so that every sum passes through function `bounded`: texts and lists that are doubled again and
 * again would fill all memory before any time limit ends it. Throws an Error for join(), which makes a long text of a short list.
 */
export function boundSums(node: ASTNode): string {
  switch (node.op) {
    case 'value':
      return node.input.slice(node.start, node.end);
    case 'id':
      return node.args;
    case 'list':
      return `[${node.args.map(boundSums).join(', ')}]`;
    case 'map':
      return `{${node.args.map(entry => entry.map(boundSums).join(': ')).join(', ')}}`;
    case 'call':
      return `${node.args[0]}(${node.args[1].map(boundSums).join(', ')})`;
    case 'rcall':
      if (node.args[0] === 'join') throw new Error('join() is not available here');
      return `${operand(node.args[1])}.${node.args[0]}(${node.args[2].map(boundSums).join(', ')})`;
    case '.':
    case '.?':
      return `${operand(node.args[0])}${node.op}${node.args[1]}`;
    case '[]':
      return `${operand(node.args[0])}[${boundSums(node.args[1])}]`;
    case '[?]':
      return `${operand(node.args[0])}[?${boundSums(node.args[1])}]`;
    case '?:':
      return `${operand(node.args[0])} ? ${operand(node.args[1])} : ${operand(node.args[2])}`;
    case '!_':
    case '-_':
      return `${node.op[0]}${operand(node.args)}`;
    case '+':
      return `bounded(${node.args.map(operand).join(' + ')})`;
    default:
      return node.args.map(operand).join(` ${node.op} `);
  }
}

/** What needs no parentheses, wherever it stands. */
const whole = ['value', 'id', 'list', 'map', 'call', 'rcall', '.', '.?', '[]', '[?]', '+'];

function operand(node: ASTNode): string {
  return whole.includes(node.op) ? boundSums(node) : `(${boundSums(node)})`;
}
