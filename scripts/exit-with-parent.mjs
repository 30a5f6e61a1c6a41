// Preloaded (`--import`) into every process that `npm start` runs: when the parent vanishes, even by SIGKILL, its end
// of the channel closes and the child stops in order, so that nothing is left running.
import process from 'node:process';

if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
