/**
 * The network that an address belongs to, as far as one visitor can choose among its addresses: an IPv4 address stands
 * for itself, an IPv6 address for its /64 (RFC 4291 2.5.1: the rest is the interface's own).
 * @param address as a socket or a trusted proxy names it; a zone after % is ignored
 */
export function networkOf(address: string): string {
  const plain = address.toLowerCase().split('%')[0] ?? '';
  const inside = /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (inside !== undefined) return inside;
  if (!plain.includes(':')) return plain;
  const [front = '', back] = plain.split('::');
  const groups = (text: string | undefined): readonly string[] => (text ? text.split(':') : []);
  const filled = back === undefined ? groups(front) : [...groups(front), ...Array<string>(8).fill('0')];
  const prefix = filled.slice(0, 4).map((group) => Number.parseInt(group, 16) || 0);
  return `${prefix.map((group) => group.toString(16)).join(':')}::/64`;
}
