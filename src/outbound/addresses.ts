import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** Link-local addresses, where clouds answer with a machine's own secrets (ASVS 1.3.6). Private ones are the house's own. */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');

/** Whether a host is an address that is never asked. A name is looked at when it is resolved. */
export function isForbiddenHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && forbidden.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** In the place of node:dns's lookup: a name that leads to such an address does not exist. */
export function guardedLookup(host: string, options: LookupOptions, found: Found): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return found(error, '');
    const allowed = addresses.filter(({ address }) => !isForbiddenHost(address));
    const [first] = allowed;
    if (first === undefined) return found(Object.assign(new Error('forbidden address'), { code: 'ENOTFOUND' }), '');
    return options.all === true ? found(null, allowed) : found(null, first.address, first.family);
  });
}
