import { Ber, ProtocolOperation } from 'ldapts';
import { Elements, MalformedMessage } from './ber-elements.ts';
import { decodeFilter, type Filter } from './filter-decoding.ts';

/** One message of a client (RFC 4511 4.1.1). */
export interface Request {
  readonly messageId: number;
  readonly operation: Operation;
  readonly controls: readonly RequestControl[];
}

export interface RequestControl {
  readonly oid: string;
  readonly critical: boolean;
  readonly value?: Buffer;
}

export type Operation =
  | BindOperation
  | SearchOperation
  | ModifyOperation
  | { readonly kind: 'compare'; readonly dn: string; readonly attribute: string; readonly value: Buffer }
  | { readonly kind: 'extended'; readonly oid: string }
  | { readonly kind: 'unbind' | 'abandon' | 'add' | 'delete' | 'rename' };

export interface BindOperation {
  readonly kind: 'bind';
  readonly version: number;
  readonly name: string;
  /** Undefined for SASL. */
  readonly password: Buffer | undefined;
}

export interface SearchOperation {
  readonly kind: 'search';
  readonly base: string;
  readonly scope: Scope;
  /** 0 means no limit of the client's own. */
  readonly sizeLimit: number;
  /** Seconds; 0 for none. Nothing heeds it: every search here ends at once. */
  readonly timeLimit: number;
  readonly typesOnly: boolean;
  readonly filter: Filter;
  readonly attributes: readonly string[];
}

export type Scope = 'base' | 'one' | 'sub' | 'children';

export interface ModifyOperation {
  readonly kind: 'modify';
  readonly dn: string;
  readonly changes: readonly AttributeChange[];
}

export interface AttributeChange {
  readonly kind: 'add' | 'delete' | 'replace';
  /** As it was sent. */
  readonly attribute: string;
  readonly values: readonly Buffer[];
}

const scopes: readonly Scope[] = ['base', 'one', 'sub', 'children'];
const changeKinds: readonly AttributeChange['kind'][] = ['add', 'delete', 'replace'];

/**
 * Reads one whole message.
 * @throws MalformedMessage for anything that a client may not send
 */
export function decodeRequest(message: Buffer): Request {
  const inside = new Elements(message).inside();
  const messageId = inside.integer();
  if (messageId < 0) throw new MalformedMessage('negative message id');
  const { tag, content } = inside.next();
  const operation = decodeOperation(tag, content);
  return { messageId, operation, controls: inside.done ? [] : decodeControls(inside.inside(0xa0)) };
}

function decodeOperation(tag: number, content: Buffer): Operation {
  const inside = new Elements(content);
  switch (tag) {
    case ProtocolOperation.LDAP_REQ_BIND:
      return decodeBind(inside);
    case ProtocolOperation.LDAP_REQ_SEARCH:
      return decodeSearch(inside);
    case ProtocolOperation.LDAP_REQ_MODIFY:
      return decodeModify(inside);
    case ProtocolOperation.LDAP_REQ_COMPARE:
      return decodeCompare(inside);
    case ProtocolOperation.LDAP_REQ_EXTENSION:
      return { kind: 'extended', oid: inside.text(0x80) };
    case ProtocolOperation.LDAP_REQ_UNBIND:
      return { kind: 'unbind' };
    case ProtocolOperation.LDAP_REQ_ABANDON:
      return { kind: 'abandon' };
    case ProtocolOperation.LDAP_REQ_ADD:
      return { kind: 'add' };
    case ProtocolOperation.LDAP_REQ_DELETE:
      return { kind: 'delete' };
    case ProtocolOperation.LDAP_REQ_MODRDN:
      return { kind: 'rename' };
    default:
      throw new MalformedMessage(`no such operation: ${tag}`);
  }
}

function decodeBind(inside: Elements): BindOperation {
  const version = inside.integer();
  const name = inside.text();
  const { tag, content } = inside.next();
  if (tag !== Ber.Context && tag !== ProtocolOperation.LDAP_REQ_BIND_SASL) throw new MalformedMessage('authentication');
  return { kind: 'bind', version, name, password: tag === Ber.Context ? content : undefined };
}

function decodeSearch(inside: Elements): SearchOperation {
  const base = inside.text();
  const scope = scopes[inside.integer(Ber.Enumeration)];
  if (scope === undefined) throw new MalformedMessage('no such scope');
  inside.integer(Ber.Enumeration); // alias handling: Active Directory has no aliases
  const sizeLimit = inside.integer();
  const timeLimit = inside.integer();
  const typesOnly = inside.boolean();
  const filter = decodeFilter(inside);
  const attributes = [...texts(inside.inside())];
  return { kind: 'search', base, scope, sizeLimit, timeLimit, typesOnly, filter, attributes };
}

function decodeModify(inside: Elements): ModifyOperation {
  const dn = inside.text();
  const list = inside.inside();
  const changes: AttributeChange[] = [];
  while (!list.done) changes.push(decodeChange(list.inside()));
  return { kind: 'modify', dn, changes };
}

function decodeChange(inside: Elements): AttributeChange {
  const kind = changeKinds[inside.integer(Ber.Enumeration)];
  if (kind === undefined) throw new MalformedMessage('no such change');
  const modification = inside.inside();
  const attribute = modification.text();
  const set = modification.inside(ProtocolOperation.LBER_SET);
  const values: Buffer[] = [];
  while (!set.done) values.push(set.octets());
  return { kind, attribute, values };
}

function decodeCompare(inside: Elements): Operation {
  const dn = inside.text();
  const assertion = inside.inside();
  return { kind: 'compare', dn, attribute: assertion.text().toLowerCase(), value: assertion.octets() };
}

function decodeControls(list: Elements): readonly RequestControl[] {
  const controls: RequestControl[] = [];
  while (!list.done) controls.push(decodeControl(list.inside()));
  return controls;
}

function decodeControl(inside: Elements): RequestControl {
  const oid = inside.text();
  const critical = inside.nextTag === Ber.Boolean && inside.boolean();
  return inside.done ? { oid, critical } : { oid, critical, value: inside.octets() };
}

function* texts(inside: Elements): Generator<string> {
  while (!inside.done) yield inside.text();
}
