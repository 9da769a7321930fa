import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface ServiceRecord {
  readonly target: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly port?: number;
}

/** RFC 1035 3.2.2, RFC 2782 */
const types = { a: 1, srv: 33 } as const;

/**
 * A DNS server over UDP that answers SRV and A as RFC 1035 and RFC 2782 have it, and nothing else. It can fall silent or
 * refuse, and remembers what it was asked.
 */
export class NameServicePeer {
  readonly asked: string[] = [];
  /** `silent` answers nothing, `failing` SERVFAIL. */
  how: 'answers' | 'silent' | 'failing' = 'answers';
  readonly #services = new Map<string, readonly ServiceRecord[]>();
  readonly #hosts = new Map<string, string>();
  readonly #socket: Socket = createSocket('udp4');

  static async open(): Promise<NameServicePeer> {
    const peer = new NameServicePeer();
    peer.#socket.on('message', (question, from) => peer.#answer(question, from));
    peer.#socket.bind(0, '127.0.0.1');
    await once(peer.#socket, 'listening');
    return peer;
  }

  private constructor() {}

  /** address:port */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** No records: the name is not there any more. */
  service(name: string, records: readonly ServiceRecord[]): void {
    if (records.length === 0) this.#services.delete(name);
    else this.#services.set(name, records);
  }

  host(name: string, address: string): void {
    this.#hosts.set(name, address);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(question: Buffer, from: RemoteInfo): void {
    const { name, type, end } = questionOf(question);
    this.asked.push(name);
    if (this.how === 'silent') return;
    const records = this.how === 'failing' ? [] : this.#records(name, type);
    const isKnown = this.#services.has(name) || this.#hosts.has(name);
    const code = this.how === 'failing' ? 2 : isKnown ? 0 : 3;
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    // A response, authoritative, recursion as it was asked for.
    header.writeUInt16BE(0x8400 | (question.readUInt16BE(2) & 0x0100) | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answers = records.map((data) => Buffer.concat([answerHead(type, data.length), data]));
    this.#socket.send(Buffer.concat([header, question.subarray(12, end), ...answers]), from.port, from.address);
  }

  #records(name: string, type: number): readonly Buffer[] {
    const address = this.#hosts.get(name);
    if (type === types.a && address !== undefined) return [Buffer.from(address.split('.').map(Number))];
    if (type === types.srv) return (this.#services.get(name) ?? []).map(serviceData);
    return [];
  }
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function answerHead(type: number, length: number): Buffer {
  const head = Buffer.alloc(12);
  // A pointer to the name in the question (RFC 1035 4.1.4), class IN.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(length, 10);
  return head;
}

function serviceData({ target, priority = 0, weight = 100, port = 389 }: ServiceRecord): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  const labels = target.split('.').filter((label) => label !== '');
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([numbers, ...name, Buffer.from([0])]);
}
