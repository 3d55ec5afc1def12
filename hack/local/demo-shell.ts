import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { execa, type Options } from 'execa';
import { formatDuration } from './report.ts';

/** The programs a command line may start with, by the name a user types. */
export type Programs = Readonly<Record<string, string>>;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Shown instead of the real arguments, for what is long or secret. */
  readonly shown?: string;
  /** The output is not printed. */
  readonly quiet?: boolean;
}

/** Runs commands one after the other and prints each as a user would type it, with what came of it. */
export class DemoShell {
  readonly #programs: Programs;
  readonly #env: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;
  readonly #begin = Date.now();

  constructor(programs: Programs, env: Readonly<Record<string, string>>, signal: AbortSignal) {
    this.#programs = programs;
    this.#env = env;
    this.#signal = signal;
  }

  /** Announces the next stop of the road. */
  chapter(title: string, explanation: string): void {
    const elapsed = formatDuration(Date.now() - this.#begin);
    console.log(
      `\n${styleText('bold', title)} ${styleText('dim', `(${elapsed})`)}\n${explanation}\n`,
    );
  }

  /** Runs one command and returns its standard output; throws when it fails, with its messages. */
  async run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    this.#announce(options.shown ?? commandLine(program, args, options.env));
    const { stdout } = await this.#start(program, args, options);
    if (!options.quiet && stdout !== '') console.log(indent(stdout));
    return stdout;
  }

  /** `first | second`: pipes the standard output of one command into another. */
  async pipe(
    first: { program: string; args: readonly string[]; env?: Readonly<Record<string, string>> },
    second: { program: string; args: readonly string[] },
  ): Promise<void> {
    const left = commandLine(first.program, first.args, first.env);
    this.#announce(`${left} | ${commandLine(second.program, second.args)}`);
    const produced = await this.#start(first.program, first.args, {
      ...(first.env ? { env: first.env } : {}),
    });
    const { stdout } = await this.#start(second.program, second.args, { input: produced.stdout });
    console.log(indent(stdout));
  }

  /** Runs a command that never ends by itself, prints its lines, and ends it once `enough` says so of the lines so far. */
  async watch(
    program: string,
    args: readonly string[],
    meanwhile: () => Promise<void>,
    enough: (lines: readonly string[]) => boolean,
  ): Promise<void> {
    this.#announce(commandLine(program, args));
    const child = this.#start(program, args, {});
    child.catch(() => {});
    const { stdout } = child;
    if (stdout === null) throw new Error(`${program} has no output`);
    const lines: string[] = [];
    const reader = createInterface({ input: stdout });
    let acted: Promise<void> | undefined;
    reader.on('line', line => {
      lines.push(line);
      console.log(indent(line));
      acted ??= meanwhile();
      if (enough(lines)) child.kill('SIGINT');
    });
    await once(reader, 'close');
    await acted;
    if (!enough(lines)) throw new Error(`${program} ended before it had shown what was expected`);
  }

  #announce(line: string): void {
    console.log(`${styleText('green', '$')} ${styleText('cyan', line)}`);
  }

  #start(program: string, args: readonly string[], { env = {}, input }: RunOptions) {
    const options = {
      env: { ...this.#env, ...env },
      cancelSignal: this.#signal,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    } satisfies Options;
    return execa(this.#programs[program] ?? program, args, options);
  }
}

function commandLine(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  return [...variables, program, ...args.map(quote)].join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
