import { NoSuchObjectError } from 'ldapts';
import { octetAttributes } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { guidDn, sidText } from './identifiers.ts';

/**
 * SIDs of every security group that an account is in, nested and primary ones included. Constructed for a search of
 * scope base only (MS-ADTS 3.1.1.4.5.19).
 * @returns undefined when the account is gone
 */
export async function readTokenGroups(
  connection: Connection,
  id: string,
  deadline: Deadline,
): Promise<readonly string[] | undefined> {
  try {
    const wanted = { attributes: ['tokenGroups'], explicitBufferAttributes: octetAttributes };
    const [entry] = await connection.search(guidDn(id), { scope: 'base', ...wanted }, deadline);
    return [entry?.tokenGroups ?? []].flat().map((value) => sidText(Buffer.from(value)));
  } catch (error) {
    if (error instanceof NoSuchObjectError) return undefined;
    throw error;
  }
}
