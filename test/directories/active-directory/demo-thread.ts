import { parentPort } from 'node:worker_threads';
import { startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';

// A demo directory in a thread of its own: unlike one in the test's thread, it answers while that one is busy.
const { port, ca } = await startDemoDirectory({ production: false });
parentPort?.postMessage({ port, ca });
