const secret = /(^|[.-])(password|passphrase|secret|token|pin|key|keys)$/;

/** Whether a setting of that name holds a secret: its value is never shown. `mac-key` names a key and is none. */
export function isSecretName(setting: string): boolean {
  return secret.test(setting) && setting !== 'mac-key';
}
