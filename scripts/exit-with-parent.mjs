// Preloaded (`--import`) into the processes that `npm start`, the benchmark and tests run. If the parent dies, even by SIGKILL, the IPC channel closes
// and the child shuts down, so that nothing is left running.
import process from 'node:process';

if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
