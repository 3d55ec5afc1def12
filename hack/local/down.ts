import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { runCommand } from './command.ts';
import { isTestBed, type LocalDirectory, localDirectory } from './local-directory.ts';
import { endRecordedProcesses, recordedProcesses } from './local-process.ts';
import { endProcess } from './process-record.ts';
import type { Report } from './report.ts';
import { releaseSlotsOf } from './slot.ts';

const command = new Command('npm run down --')
  .description(
    'Stops what "npm run up" started in this checkout and deletes its data. The built tools stay in their cache.',
  )
  .action(() => runCommand(signal => down(localDirectory(), console.log, signal)));

await command.parseAsync();

async function down(directory: LocalDirectory, report: Report, signal: AbortSignal): Promise<void> {
  if (!isTestBed(directory)) {
    report('nothing is up');
    return;
  }
  const processes = await recordedProcesses(directory.processes);
  const supervisor = processes.find(({ what }) => what === 'supervisor');
  if (supervisor) {
    report(`stopping ${processes.length} processes ...`);
    // The supervisor stops the others in order; a killed one takes them with it.
    await endProcess(supervisor, 60_000);
  }
  const strays = await endRecordedProcesses(directory.processes);
  for (const { what, pid } of strays) report(`stopped ${what} (process ${pid})`);
  await releaseSlotsOf(`${directory.root}/`, signal);
  await rm(directory.root, { recursive: true, force: true });
  report('down: no process and no file is left');
}
