import type { Account } from '../../../src/core/account.ts';
import type { DirectoryGroup } from '../../../src/core/directory-people.ts';
import type { DirectoryWorld, PersonWish, WorldGroup, WorldPerson } from '../directory-world.ts';

/** Each satisfies length 8 and complexity. */
export const strangePasswords = [
  ' Lead and trail 1 ',
  'Quote"Quote"1"',
  '"Quoted-1-whole"',
  'Größe-Ünï-1',
  'Key🔑Lock🔒1a',
  'Plus+Comma,Back\\1',
  'Dollar$&$1{{username}}',
  'Paren)(*Star1',
  'Пароль-密码-1a',
];

/** Names that break DNs, filters and templates that are put together from strings. */
export function strangePerson(): PersonWish {
  const tail = crypto.randomUUID().slice(0, 8);
  return {
    commonName: `O'Neill, Jr. + "Sons" <Müller>; \\ = #1 🔑 ${tail}`,
    samName: `o'neill-ü&(x)$&${tail}`.slice(0, 20),
    principalName: `o'neill.${tail}@mail.example.test`,
    displayName: `O'Neill, Jr. + "Sons" <b>Müller</b> 🔑`,
  };
}

/** @throws when the directory does not know the person: a test that needs them has nothing to test */
export async function accountOf(world: DirectoryWorld, person: WorldPerson): Promise<Account> {
  const account = await world.directory.read(person.id);
  if (!account) throw new Error(`${person.samName} cannot be read`);
  return account;
}

/** @throws when the directory does not know the group */
export async function groupOf(world: DirectoryWorld, { samName }: WorldGroup): Promise<DirectoryGroup> {
  const group = await world.directory.findGroup(samName);
  if (!group) throw new Error(`the group ${samName} cannot be found`);
  return group;
}
