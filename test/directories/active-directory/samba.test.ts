import { describe, test } from 'vitest';
import { directoryContract } from '../../contracts/directory-contract.ts';
import { sharedSamba } from '../../services/shared-samba.ts';
import { sambaWorld } from './samba-world.ts';

const samba = await sharedSamba();

if (samba) directoryContract('active-directory on Samba AD', () => sambaWorld(samba));
else describe('directory contract: active-directory on Samba AD', () => test.skip('needs Samba AD', () => {}));
