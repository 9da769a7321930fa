import { directoryContract } from '../../contracts/directory-contract.ts';
import { demoWorld } from './demo-world.ts';

directoryContract('active-directory on the demo directory', demoWorld);
