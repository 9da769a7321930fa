import type { Socket } from 'node:net';
import { MalformedMessage } from './ber-elements.ts';
import { decodeRequest } from './message-decoding.ts';
import { MessageFramer } from './message-framing.ts';
import type { Operations } from './operations.ts';

/** Active Directory's MaxConnIdleTime. */
const idleMilliseconds = 900_000;

/** Answers that a client may leave unread, in bytes, before it is cut off. */
const maxUnread = 8 * 1024 * 1024;

export interface ConnectionNeeds {
  readonly socket: Socket;
  readonly operations: Operations;
  /** Told of what should not happen: an exception that is not the client's doing. */
  readonly onFault: (fault: unknown) => void;
}

/** Speaks LDAP on one socket until either side ends. Nothing that a client sends gets further than this. */
export function serveConnection({ socket, operations, onFault }: ConnectionNeeds): void {
  const framer = new MessageFramer();
  socket.setNoDelay(true);
  socket.setTimeout(idleMilliseconds, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of framer.push(chunk)) answer(socket, operations, message);
    } catch (fault) {
      socket.destroy();
      if (!(fault instanceof MalformedMessage)) onFault(fault);
    }
  });
}

function answer(socket: Socket, operations: Operations, message: Buffer): void {
  if (socket.destroyed || socket.writableEnded) return;
  const answers = operations.answer(decodeRequest(message));
  if (answers === 'close') {
    socket.destroySoon();
    return;
  }
  for (const bytes of answers) socket.write(bytes);
  if (socket.writableLength > maxUnread) socket.destroy();
}
