/**
 * A stand-in for a device and for what Android's framework does for the app: preferences, assets,
 * JSON, connections, the package installer, jobs. Connections are real; the rest is as the
 * framework's documentation has it, and no more than the app uses.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto'
import { JSON_CALLS, NULL } from './json.ts'
import { type Framework, made, part, type Thing, thrown, type Value } from './machine.ts'
import { NET_CALLS } from './net.ts'

export type Session = {
  readonly id: number
  bytes: Buffer
  state: 'open' | 'committed' | 'abandoned'
  /** What setRequireUserAction was told. */
  userAction: number | null
}

export type Device = {
  /** Of the app that is installed. */
  version: string
  assets: ReadonlyMap<string, string>
  readonly preferences: Map<string, string>
  readonly sessions: Map<number, Session>
  /** Id and seconds of each job that was scheduled. */
  readonly jobs: { readonly id: number; readonly latencyS: number; readonly isPeriodic: boolean }[]
  sdk: number
  now: number
}

export function newDevice(assets: ReadonlyMap<string, string>, version: string): Device {
  return {
    version,
    assets,
    preferences: new Map(),
    sessions: new Map(),
    jobs: [],
    sdk: 34,
    now: 1_760_000_000_000,
  }
}

type Calls = Framework['calls']

export function frameworkOf(device: Device): Framework {
  return {
    calls: {
      ...TEXT_CALLS,
      ...BYTE_CALLS,
      ...JSON_CALLS,
      ...NET_CALLS,
      ...contextCalls(device),
      ...installerCalls(device),
      ...jobCalls(device),
      'System.currentTimeMillis/0': () => BigInt(device.now),
      'System.getProperty/1': (name: string) =>
        name === 'os.version' ? '5.10.149-android13' : null,
      'IOException.<init>/1': (self: Thing, message: string) => self.fields.set('message', message),
      'IOException.getMessage/0': (self: Thing) => self.fields.get('message'),
    },
    fields: {
      'Proxy.NO_PROXY': made('Ljava/net/Proxy;', { isDirect: true }),
      'Proxy$Type.HTTP': made('Ljava/net/Proxy$Type;', {}),
      'JSONObject.NULL': NULL,
      'Build$VERSION.RELEASE': '14',
      'Build$VERSION.SDK_INT': device.sdk,
      'Build.MODEL': 'Pixel 8',
      'Build.SUPPORTED_ABIS': ['arm64-v8a', 'armeabi-v7a'] as Value,
    },
    above: {
      'Ljava/net/Inet4Address;': 'Ljava/net/InetAddress;',
      'Ljava/net/Inet6Address;': 'Ljava/net/InetAddress;',
      'Ljava/io/FileNotFoundException;': 'Ljava/io/IOException;',
      'Ljava/io/IOException;': 'Ljava/lang/Exception;',
      'Lorg/json/JSONException;': 'Ljava/lang/Exception;',
      'Ljava/lang/NullPointerException;': 'Ljava/lang/Exception;',
    },
  }
}

const TEXT_CALLS: Calls = {
  'String.concat/1': (self: string, other: string) => self + other,
  'String.equals/1': (self: string, other: unknown) => self === other,
  'String.getBytes/1': (self: string) => new Int8Array(Buffer.from(self)),
  'String.lastIndexOf/1': (self: string, code: number) =>
    self.lastIndexOf(String.fromCharCode(code)),
  'String.length/0': (self: string) => self.length,
  'String.replace/2': (self: string, from: string, to: string) => self.replaceAll(from, to),
  'String.startsWith/1': (self: string, prefix: string) => self.startsWith(prefix),
  'String.substring/1': (self: string, from: number) => self.slice(from),
  'String.substring/2': (self: string, from: number, to: number) => self.slice(from, to),
  'String.valueOf/1': (value: number | bigint) => String(value),
  'StringBuilder.<init>/0': (self: Thing) => self.fields.set('text', ''),
  'StringBuilder.<init>/1': (self: Thing, text: string) => self.fields.set('text', text),
  'StringBuilder.append/1'(self: Thing, text: string) {
    self.fields.set('text', `${self.fields.get('text')}${text}`)
    return self
  },
  'StringBuilder.toString/0': (self: Thing) => self.fields.get('text'),
  'Character.forDigit/2': (digit: number, radix: number) => digit.toString(radix),
  'Integer.parseInt/1': (text: string) => Number(text),
  'Long.parseLong/1': (text: string) => BigInt(text),
  'Math.min/2': (left: number, right: number) => Math.min(left, right),
  'UUID.randomUUID/0': () => made('Ljava/util/UUID;', { text: randomUUID() }),
  'UUID.toString/0': (self: { readonly text: string }) => self.text,
  'TimeZone.getDefault/0': () => made('Ljava/util/TimeZone;', {}),
  'TimeZone.getID/0': () => 'Europe/Berlin',
  'Base64.decode/2': (text: string) => new Int8Array(Buffer.from(text, 'base64')),
}

const BYTE_CALLS: Calls = {
  'ByteArrayOutputStream.<init>/0': (self: Thing) => self.fields.set('bytes', Buffer.alloc(0)),
  'ByteArrayOutputStream.size/0': (self: Thing) => bytesIn(self).length,
  'ByteArrayOutputStream.toString/1': (self: Thing) => bytesIn(self).toString(),
  'ByteArrayOutputStream.write/3'(self: Thing, bytes: Int8Array, from: number, length: number) {
    self.fields.set('bytes', Buffer.concat([bytesIn(self), part(bytes, from, length)]))
  },
  'MessageDigest.getInstance/1': () =>
    made('Ljava/security/MessageDigest;', { hash: createHash('sha256') }),
  'MessageDigest.update/3': (self: Hashing, bytes: Int8Array, from: number, length: number) =>
    self.hash.update(part(bytes, from, length)),
  'MessageDigest.digest/0': (self: Hashing) => new Int8Array(self.hash.digest()),
  'MessageDigest.digest/1': (self: Hashing, bytes: Int8Array) =>
    new Int8Array(self.hash.update(part(bytes, 0, bytes.length)).digest()),
}

type Hashing = { readonly hash: Hash }

function bytesIn(self: Thing): Buffer {
  return self.fields.get('bytes') as Buffer // Set by its constructor.
}

function contextCalls(device: Device): Calls {
  return {
    'Context.getSharedPreferences/2': () => made('Landroid/content/SharedPreferences;', {}),
    'SharedPreferences.getString/2': (_: Thing, name: string, otherwise: string | null) =>
      device.preferences.get(name) ?? otherwise,
    'SharedPreferences.edit/0': () => made('LEditor;', {}),
    'SharedPreferences$Editor.putString/2'(self: Thing, name: string, value: string | null) {
      if (value === null) device.preferences.delete(name)
      else device.preferences.set(name, value)
      return self
    },
    'SharedPreferences$Editor.commit/0': () => true,
    'Context.getAssets/0': () => made('Landroid/content/res/AssetManager;', {}),
    'AssetManager.open/1'(_: Thing, name: string) {
      const text = device.assets.get(name)
      if (text === undefined) throw thrown('Ljava/io/FileNotFoundException;', name)
      return made('Ljava/io/InputStream;', { rest: Buffer.from(text) })
    },
    'Context.getContentResolver/0': () => made('Landroid/content/ContentResolver;', {}),
    'Settings$Secure.getString/2': () => '9774d56d682e549c',
    'Settings$Global.getString/2': () => "Ann's phone",
    'Context.getPackageName/0': () => 'dev.drydock.agent',
    'Context.getPackageManager/0': () => made('Landroid/content/pm/PackageManager;', {}),
    'PackageManager.getPackageInfo/2'() {
      const info = made('Landroid/content/pm/PackageInfo;', {})
      info.fields.set('versionName', device.version).set('firstInstallTime', 1_759_000_000_000n)
      return info
    },
    'Context.getSystemService/1': () => made('Landroid/app/job/JobScheduler;', {}),
    'PersistableBundle.getString/1': (self: Thing, name: string) => self.fields.get(name),
    'Intent.getParcelableExtra/1': (self: Thing, name: string) => self.fields.get(name),
    'Intent.getStringExtra/1': (self: Thing, name: string) => self.fields.get(name),
    'Intent.getIntExtra/2': (self: Thing, name: string, otherwise: number) =>
      self.fields.get(name) ?? otherwise,
    'Intent.<init>/2': () => {},
  }
}

function installerCalls(device: Device): Calls {
  const sessionOf = (id: number) => device.sessions.get(id)
  return {
    'PackageManager.getPackageInstaller/0': () => made('Landroid/content/pm/PackageInstaller;', {}),
    'PackageInstaller.getSessionInfo/1': (_: Thing, id: number) =>
      sessionOf(id) !== undefined && sessionOf(id)?.state !== 'abandoned'
        ? made('LInfo;', {})
        : null,
    'PackageInstaller$SessionParams.<init>/1': () => {},
    'PackageInstaller$SessionParams.setAppPackageName/1': () => {},
    'PackageInstaller$SessionParams.setRequireUserAction/1': (self: Thing, action: number) =>
      self.fields.set('userAction', action),
    'PackageInstaller.createSession/1'(_: Thing, parameters: Thing) {
      const id = device.sessions.size + 1
      const userAction = Number(parameters.fields.get('userAction') ?? 0)
      device.sessions.set(id, { id, bytes: Buffer.alloc(0), state: 'open', userAction })
      return id
    },
    'PackageInstaller.openSession/1': (_: Thing, id: number) => made('LSession;', { id }),
    'PackageInstaller.abandonSession/1'(_: Thing, id: number) {
      const session = sessionOf(id)
      if (session !== undefined) session.state = 'abandoned'
    },
    'PackageInstaller$Session.openWrite/3': ({ id }: { readonly id: number }) =>
      made('Ljava/io/OutputStream;', { take: (bytes: Buffer) => append(sessionOf(id), bytes) }),
    'PackageInstaller$Session.fsync/1': () => {},
    'PackageInstaller$Session.close/0': () => {},
    'PackageInstaller$Session.commit/1'({ id }: { readonly id: number }) {
      const session = sessionOf(id)
      if (session !== undefined) session.state = 'committed'
    },
    'PendingIntent.getBroadcast/4': () => made('Landroid/app/PendingIntent;', {}),
    'PendingIntent.getIntentSender/0': () => made('Landroid/content/IntentSender;', {}),
  }
}

function append(session: Session | undefined, bytes: Buffer): void {
  if (session !== undefined) session.bytes = Buffer.concat([session.bytes, bytes])
}

type Job = Thing & { id?: number; latencyS?: number; isPeriodic?: boolean }

function jobCalls(device: Device): Calls {
  return {
    'ComponentName.<init>/2': () => {},
    'JobInfo$Builder.<init>/2'(self: Job, id: number) {
      self.id = id
    },
    'JobInfo$Builder.setRequiredNetworkType/1': (self: Job) => self,
    'JobInfo$Builder.setPersisted/1': (self: Job) => self,
    'JobInfo$Builder.setPeriodic/1': (self: Job) => Object.assign(self, { isPeriodic: true }),
    'JobInfo$Builder.setMinimumLatency/1': (self: Job, ms: bigint) =>
      Object.assign(self, { latencyS: Number(ms) / 1000 }),
    'JobInfo$Builder.build/0': (self: Job) => self,
    'JobScheduler.getPendingJob/1': (_: Thing, id: number) =>
      device.jobs.some((job) => job.id === id) ? made('LJobInfo;', {}) : null,
    'JobScheduler.schedule/1'(_: Thing, { id = 0, latencyS = 0, isPeriodic = false }: Job) {
      device.jobs.push({ id, latencyS, isPeriodic })
      return 1
    },
  }
}
