/** Names of errors that D-Bus defines. */
export type RefusalName =
  | 'InvalidArgs'
  | 'LimitsExceeded'
  | 'NotSupported'
  | 'UnknownInterface'
  | 'UnknownMethod'
  | 'UnknownObject'
  | 'UnknownProperty';

/** A call that is answered with an error of D-Bus. */
export class CallRefusal extends Error {
  override readonly name = 'CallRefusal';
  /** As it goes over the bus. */
  readonly errorName: string;

  constructor(name: RefusalName, message: string) {
    super(message);
    this.errorName = `org.freedesktop.DBus.Error.${name}`;
  }
}
