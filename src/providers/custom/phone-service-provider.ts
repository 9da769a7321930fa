/** How a call stands. MIM's PhoneCallStatus, in words. */
export type PhoneCallStatus = 'pending' | 'success' | 'failed';

/** What is known of a message beside its number. MIM's dictionary, whose keys are not documented. */
export type DeliveryAttributes = Readonly<Record<string, unknown>>;

/**
 * MIM's IPhoneServiceProvider (Microsoft.IdentityManagement.PhoneServiceProvider) in its TypeScript form. May be asked by
 * many at once. The process that called is the one that asks how the call stands.
 */
export interface PhoneServiceProvider {
  /**
   * Calls somebody, who confirms with the hash key. May give `pending` at once, or wait until the call is over.
   * @param requestId a UUID; also the callId of the two below
   */
  initiateCall(
    phoneNumber: string,
    requestId: string,
    deliveryAttributes: DeliveryAttributes,
  ): PhoneCallStatus | Promise<PhoneCallStatus>;
  /** Asked again and again while the call is pending. Must end by itself: what takes longer than 10 s is a fault. */
  getCallStatus(callId: string): PhoneCallStatus | Promise<PhoneCallStatus>;
  /** Asked after `failed`, for the log. */
  getFailureMessage(callId: string): string | Promise<string>;
}

/** MIM's older ISmsServiceProvider (Microsoft.IdentityManagement.SmsServiceProvider): delivers a text with its code. */
export interface SmsServiceProvider {
  sendSms(
    mobileNumber: string,
    message: string,
    requestId: string,
    deliveryAttributes: DeliveryAttributes,
  ): void | Promise<void>;
}
