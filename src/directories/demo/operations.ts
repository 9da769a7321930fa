import { ProtocolOperation } from 'ldapts';
import type { Identity } from './access.ts';
import { bind } from './bind.ts';
import { Controls, controlOid, pageAnswer } from './controls.ts';
import type { Domain } from './domain.ts';
import { accessDenied, badDn, bindNeeded, criticalControlUnknown, noSuchObject } from './error-texts.ts';
import { equals } from './filter-matching.ts';
import { type LdapResult, ldapResult, resultCode, success } from './ldap-result.ts';
import type { Operation, Request, SearchOperation } from './message-decoding.ts';
import { encodeEntry, encodeReference, encodeResult } from './message-encoding.ts';
import { modify } from './modify.ts';
import { attributeSchema } from './schema.ts';
import { search } from './search.ts';

export interface OperationsNeeds {
  readonly domain: Domain;
  /** Whether the server knows the policy hints control; Samba before 4.24 does not. */
  readonly policyHints: boolean;
}

const whoAmI = '1.3.6.1.4.1.4203.1.11.3';
const startTls = '1.3.6.1.4.1.1466.20037';

/** Answers the requests of one connection, one after the other, and knows who is bound to it. */
export class Operations {
  readonly #domain: Domain;
  readonly #supportedControls: readonly string[];
  #identity: Identity;

  constructor({ domain, policyHints }: OperationsNeeds) {
    const { policyHints: hints, oldPolicyHints } = controlOid;
    this.#domain = domain;
    this.#supportedControls = Object.values(controlOid).filter(
      (oid) => policyHints || (oid !== hints && oid !== oldPolicyHints),
    );
  }

  /**
   * Answers one request.
   * @returns whole messages; `close` when the client says good-bye
   * @throws MalformedMessage when a control's value cannot be read
   */
  answer({ messageId, operation, controls: sent }: Request): readonly Buffer[] | 'close' {
    const known = sent.filter(({ oid }) => this.#supportedControls.includes(oid));
    const controls = new Controls(known);
    if (operation.kind === 'unbind') return 'close';
    if (operation.kind === 'abandon') return [];
    if (new Controls(sent).demandsOther(this.#supportedControls)) {
      return [encodeResult(messageId, responseTags[operation.kind], criticalControlUnknown)];
    }
    if (operation.kind === 'search') return this.#search(messageId, operation, controls);
    const value = operation.kind === 'extended' && operation.oid === whoAmI ? { value: this.#authorizationId } : {};
    return [encodeResult(messageId, responseTags[operation.kind], this.#result(operation, controls), value)];
  }

  #result(operation: Exclude<Operation, SearchOperation>, controls: Controls): LdapResult {
    switch (operation.kind) {
      case 'bind': {
        const { result, identity } = bind(this.#domain, operation);
        this.#identity = identity;
        return result;
      }
      case 'modify':
        return modify({ domain: this.#domain, identity: this.#identity, controls }, operation);
      case 'compare':
        return this.#compare(operation);
      case 'extended':
        return extendedResult(operation.oid);
      default:
        return this.#identity === undefined ? bindNeeded : accessDenied('00000005');
    }
  }

  #search(messageId: number, operation: SearchOperation, controls: Controls): readonly Buffer[] {
    const needs = {
      domain: this.#domain,
      identity: this.#identity,
      controls,
      supportedControls: this.#supportedControls,
    };
    const { result, entries, references, nextPage } = search(needs, operation);
    const paged = { control: { oid: controlOid.paged, value: pageAnswer(nextPage) } };
    return [
      ...entries.map((entry) => encodeEntry(messageId, entry)),
      ...references.map((address) => encodeReference(messageId, address)),
      encodeResult(messageId, ProtocolOperation.LDAP_RES_SEARCH, result, controls.page === undefined ? {} : paged),
    ];
  }

  #compare({ dn, attribute, value }: Extract<Operation, { readonly kind: 'compare' }>): LdapResult {
    if (this.#identity === undefined) return bindNeeded;
    const { tree } = this.#domain;
    const entry = tree.resolve(dn);
    if (entry === 'malformed') return badDn;
    if (entry === undefined) return noSuchObject('0000208D', '');
    const schema = attributeSchema(attribute);
    const values = schema === undefined ? [] : tree.valuesOf(entry, schema.name);
    if (schema === undefined || values.length === 0) return ldapResult(resultCode.noSuchAttribute);
    return ldapResult(equals(tree, schema, values, value) ? resultCode.compareTrue : resultCode.compareFalse);
  }

  /** Who is bound, as RFC 4532 writes it: empty for nobody. */
  get #authorizationId(): string {
    const samName = this.#identity?.text('sAMAccountName');
    return samName === undefined ? '' : `u:${this.#domain.name}\\${samName}`;
  }
}

function extendedResult(oid: string): LdapResult {
  if (oid === whoAmI) return success;
  if (oid === startTls) return ldapResult(resultCode.operationsError, 'TLS is in place already');
  return ldapResult(
    resultCode.protocolError,
    `0000203D: LdapErr: DSID-0C090E4A, comment: Unknown extended request OID`,
  );
}

const responseTags: Readonly<Record<Exclude<Operation['kind'], 'unbind' | 'abandon'>, number>> = {
  bind: ProtocolOperation.LDAP_RES_BIND,
  search: ProtocolOperation.LDAP_RES_SEARCH,
  modify: ProtocolOperation.LDAP_RES_MODIFY,
  add: ProtocolOperation.LDAP_RES_ADD,
  delete: ProtocolOperation.LDAP_RES_DELETE,
  rename: ProtocolOperation.LDAP_RES_MODRDN,
  compare: ProtocolOperation.LDAP_RES_COMPARE,
  extended: ProtocolOperation.LDAP_RES_EXTENSION,
};
