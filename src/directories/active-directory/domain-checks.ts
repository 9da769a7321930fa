import { AndFilter, type Entry, EqualityFilter, NotFilter, ResultCodeError } from 'ldapts';
import type { Finding } from '../../core/directory.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { DescriptorControl } from './descriptor-control.ts';
import { sidText } from './identifiers.ts';
import { isProtectedGroup } from './protected-groups.ts';
import { grantsRight, letsReadChildren } from './security-descriptor.ts';

const resetPassword = '00299570-246d-11d0-a768-00aa006e0529';
const unexpirePassword = 'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501';

export interface DomainChecksNeeds {
  readonly connection: Connection;
  readonly deadline: Deadline;
  readonly baseDn: string;
  readonly peopleBase: string;
  /** As dsacls takes it. */
  readonly account: string;
}

/** What the service account can see and do in the domain. Changes nothing. */
export class DomainChecks {
  readonly #needs: DomainChecksNeeds;

  constructor(needs: DomainChecksNeeds) {
    this.#needs = needs;
  }

  async findings(): Promise<readonly Finding[]> {
    const groups = await this.#ownGroups();
    const sample = await this.#samplePerson();
    return [
      await this.#baseFinding(),
      this.#privilegeFinding(groups),
      this.#sampleFinding(sample),
      ...(sample ? [this.#unlockFinding(sample), await this.#resetFinding(sample, groups)] : []),
      await this.#unexpireFinding(groups),
      await this.#fineGrainedFinding(groups),
    ];
  }

  async #baseFinding(): Promise<Finding> {
    const subject = 'base-dn';
    const [root] = await this.#search('', ['defaultNamingContext']);
    const domain = String(root?.defaultNamingContext);
    if (domain.toLowerCase() === this.#needs.baseDn.toLowerCase()) return { level: 'ok', subject, detail: domain };
    const detail = `${this.#needs.baseDn} is not the domain of this server, which is ${domain}`;
    return { level: 'problem', subject, detail, remedy: `Set base-dn to ${domain}.` };
  }

  #privilegeFinding(groups: ReadonlySet<string>): Finding {
    const subject = 'service account: privilege';
    if (groups.size === 0) return { level: 'warning', subject, detail: 'its groups cannot be read' };
    const powerful = [...groups].find(isProtectedGroup);
    if (powerful === undefined) return { level: 'ok', subject, detail: 'is in no protected group' };
    return {
      level: 'warning',
      subject,
      detail: `is in the protected group ${powerful}: whoever takes over Latchkey takes over the domain`,
      remedy: 'Remove it from every administrative group and delegate the single rights instead.',
    };
  }

  #sampleFinding(sample: Entry | undefined): Finding {
    const subject = 'people-base';
    if (sample) return { level: 'ok', subject, detail: `people can be read, for example ${sample.dn}` };
    return {
      level: 'problem',
      subject,
      detail: `no person can be read below ${this.#needs.peopleBase}, so no right can be checked`,
      remedy: 'Check people-base, and that the service account may read there.',
    };
  }

  #unlockFinding(sample: Entry): Finding {
    const subject = 'right to write lockoutTime';
    const writable = [sample.allowedAttributesEffective ?? []].flat().map(String);
    if (writable.includes('lockoutTime')) return { level: 'ok', subject, detail: `granted on ${sample.dn}` };
    return this.#missing(subject, sample.dn, `/I:S /G "${this.#needs.account}:RPWP;lockoutTime;user"`);
  }

  async #resetFinding(sample: Entry, groups: ReadonlySet<string>): Promise<Finding> {
    const subject = 'right Reset Password';
    const granted = await this.#grants(sample.dn, groups, resetPassword);
    if (granted) return { level: 'ok', subject, detail: `granted on ${sample.dn}` };
    const line = `/I:S /G "${this.#needs.account}:CA;Reset Password;user"`;
    if (granted === false) return this.#missing(subject, sample.dn, line);
    return {
      level: 'warning',
      subject,
      detail: 'cannot be read: reset the password of a test person to prove it',
      remedy: `dsacls "${this.#needs.peopleBase}" ${line}`,
    };
  }

  async #unexpireFinding(groups: ReadonlySet<string>): Promise<Finding> {
    const subject = 'right Unexpire Password';
    const granted = await this.#grants(this.#needs.baseDn, groups, unexpirePassword);
    if (granted) return { level: 'ok', subject, detail: 'granted on the domain' };
    return {
      level: 'warning',
      subject,
      detail: `${granted === false ? 'is missing' : 'cannot be read'}: a new password may have to be changed at once`,
      remedy: `dsacls "${this.#needs.baseDn}" /G "${this.#needs.account}:CA;Unexpire Password"`,
    };
  }

  /** A policy that may not be read does not show, so the container's own ACL must tell. */
  async #fineGrainedFinding(groups: ReadonlySet<string>): Promise<Finding> {
    const subject = 'fine-grained password policies';
    const container = `CN=Password Settings Container,CN=System,${this.#needs.baseDn}`;
    const descriptor = await this.#descriptor(container);
    if (descriptor && letsReadChildren(descriptor, groups)) return { level: 'ok', subject, detail: 'can be read' };
    return {
      level: 'warning',
      subject,
      detail: 'cannot be read: people whom one applies to cannot use Latchkey',
      remedy: `dsacls "${container}" /I:T /G "${this.#needs.account}:GR"`,
    };
  }

  #missing(subject: string, dn: string, line: string): Finding {
    const remedy = `dsacls "${this.#needs.peopleBase}" ${line}`;
    return { level: 'problem', subject, detail: `is missing on ${dn}`, remedy };
  }

  /** SIDs of the service account and its groups: tokenGroups of the root DSE (MS-ADTS 3.1.1.3.2). */
  async #ownGroups(): Promise<ReadonlySet<string>> {
    const [root] = await this.#search('', ['tokenGroups']);
    return new Set([root?.tokenGroups ?? []].flat().map((value) => sidText(Buffer.from(value))));
  }

  /** A plain person: AdminSDHolder takes the rights on privileged ones away. */
  async #samplePerson(): Promise<Entry | undefined> {
    const is = (attribute: string, value: string) => new EqualityFilter({ attribute, value });
    const plain = new NotFilter({ filter: is('adminCount', '1') });
    const filter = new AndFilter({ filters: [is('objectClass', 'user'), is('objectCategory', 'person'), plain] });
    const options = { scope: 'sub' as const, filter, attributes: ['allowedAttributesEffective'], sizeLimit: 1 };
    const { connection, peopleBase, deadline } = this.#needs;
    return (await orNothing(connection.search(peopleBase, options, deadline)))[0];
  }

  /** Undefined when it cannot be read. */
  async #grants(dn: string, groups: ReadonlySet<string>, right: string): Promise<boolean | undefined> {
    const descriptor = await this.#descriptor(dn);
    return descriptor && groups.size > 0 ? grantsRight(descriptor, groups, right) : undefined;
  }

  async #descriptor(dn: string): Promise<Buffer | undefined> {
    const name = 'nTSecurityDescriptor';
    const options = { scope: 'base' as const, attributes: [name], explicitBufferAttributes: [name] };
    const { connection, deadline } = this.#needs;
    const [entry] = await orNothing(connection.search(dn, options, deadline, new DescriptorControl()));
    const descriptor = [entry?.[name] ?? []].flat()[0];
    return Buffer.isBuffer(descriptor) && descriptor.length > 0 ? descriptor : undefined;
  }

  #search(base: string, attributes: string[]): Promise<readonly Entry[]> {
    const options = { scope: 'base' as const, attributes, explicitBufferAttributes: ['tokenGroups'] };
    return orNothing(this.#needs.connection.search(base, options, this.#needs.deadline));
  }
}

/** What may not be read looks as if it were not there, or is refused. */
async function orNothing(search: Promise<readonly Entry[]>): Promise<readonly Entry[]> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof ResultCodeError) return [];
    throw error;
  }
}
