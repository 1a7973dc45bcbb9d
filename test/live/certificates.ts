import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** An authority, and a server's certificate for this host name that it signed. */
export function makeCertificates(hostName: string): { readonly authority: Certificate; readonly server: Certificate } {
  const authorityKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serverKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = `Authority of ${hostName}`
  const isAuthority = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))), true)
  const subjectNames = extension('551d11', sequence(der(0x82, Buffer.from(hostName))))
  return {
    authority: {
      certificate: signCertificate(issuer, issuer, authorityKeys.publicKey, isAuthority, authorityKeys.privateKey),
      key: exportKey(authorityKeys.privateKey),
    },
    server: {
      certificate: signCertificate(issuer, hostName, serverKeys.publicKey, subjectNames, authorityKeys.privateKey),
      key: exportKey(serverKeys.privateKey),
    },
  }
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('2a8648ce3d040302'))

function signCertificate(
  issuer: string,
  subject: string,
  publicKey: KeyObject,
  extensions: Buffer,
  authorityKey: KeyObject,
): string {
  const body = sequence(
    der(0xa0, integer(2)),
    integer(subject.length),
    ECDSA_WITH_SHA256,
    name(issuer),
    sequence(time('20200101000000Z'), time('21200101000000Z')),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extensions)),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, authorityKey))
  return pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, signature))
}

function extension(identifier: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(objectIdentifier(identifier), ...critical, der(0x04, value))
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectIdentifier('550403'), der(0x0c, Buffer.from(commonName)))))
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text))
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.from([value]))
}

function objectIdentifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
