# Bytes and texts: reading with a limit, SHA-256 in hexadecimal, new ids.
.class public final Ldev/drydock/agent/Text;
.super Ljava/lang/Object;

# All of a stream as UTF-8, and closes it; an IOException beyond the limit.
.method public static read(Ljava/io/InputStream;I)Ljava/lang/String;
    .locals 5
    new-instance v0, Ljava/io/ByteArrayOutputStream;
    invoke-direct {v0}, Ljava/io/ByteArrayOutputStream;-><init>()V
    const/16 v1, 0x2000
    new-array v1, v1, [B
    :more
    invoke-virtual {p0, v1}, Ljava/io/InputStream;->read([B)I
    move-result v2
    if-ltz v2, :end
    const/4 v3, 0x0
    invoke-virtual {v0, v1, v3, v2}, Ljava/io/ByteArrayOutputStream;->write([BII)V
    invoke-virtual {v0}, Ljava/io/ByteArrayOutputStream;->size()I
    move-result v3
    if-le v3, p1, :more
    new-instance v0, Ljava/io/IOException;
    const-string v1, "an answer beyond its limit"
    invoke-direct {v0, v1}, Ljava/io/IOException;-><init>(Ljava/lang/String;)V
    throw v0
    :end
    invoke-virtual {p0}, Ljava/io/InputStream;->close()V
    const-string v1, "UTF-8"
    invoke-virtual {v0, v1}, Ljava/io/ByteArrayOutputStream;->toString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

.method public static sha256()Ljava/security/MessageDigest;
    .locals 1
    const-string v0, "SHA-256"
    invoke-static {v0}, Ljava/security/MessageDigest;->getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;
    move-result-object v0
    return-object v0
.end method

.method public static digestOf([B)Ljava/lang/String;
    .locals 1
    invoke-static {}, Ldev/drydock/agent/Text;->sha256()Ljava/security/MessageDigest;
    move-result-object v0
    invoke-virtual {v0, p0}, Ljava/security/MessageDigest;->digest([B)[B
    move-result-object v0
    invoke-static {v0}, Ldev/drydock/agent/Text;->hex([B)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# Of a text's UTF-8.
.method public static digestOfText(Ljava/lang/String;)Ljava/lang/String;
    .locals 1
    const-string v0, "UTF-8"
    invoke-virtual {p0, v0}, Ljava/lang/String;->getBytes(Ljava/lang/String;)[B
    move-result-object v0
    invoke-static {v0}, Ldev/drydock/agent/Text;->digestOf([B)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

.method public static hex([B)Ljava/lang/String;
    .locals 7
    new-instance v0, Ljava/lang/StringBuilder;
    invoke-direct {v0}, Ljava/lang/StringBuilder;-><init>()V
    array-length v1, p0
    const/4 v2, 0x0
    const/16 v3, 0x10
    :next
    if-ge v2, v1, :end
    aget-byte v4, p0, v2
    shr-int/lit8 v5, v4, 0x4
    and-int/lit8 v5, v5, 0xf
    invoke-static {v5, v3}, Ljava/lang/Character;->forDigit(II)C
    move-result v5
    invoke-virtual {v0, v5}, Ljava/lang/StringBuilder;->append(C)Ljava/lang/StringBuilder;
    and-int/lit8 v5, v4, 0xf
    invoke-static {v5, v3}, Ljava/lang/Character;->forDigit(II)C
    move-result v5
    invoke-virtual {v0, v5}, Ljava/lang/StringBuilder;->append(C)Ljava/lang/StringBuilder;
    add-int/lit8 v2, v2, 0x1
    goto :next
    :end
    invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# 32 hexadecimal characters of chance.
.method public static newId()Ljava/lang/String;
    .locals 3
    invoke-static {}, Ljava/util/UUID;->randomUUID()Ljava/util/UUID;
    move-result-object v0
    invoke-virtual {v0}, Ljava/util/UUID;->toString()Ljava/lang/String;
    move-result-object v0
    const-string v1, "-"
    const-string v2, ""
    invoke-virtual {v0, v1, v2}, Ljava/lang/String;->replace(Ljava/lang/CharSequence;Ljava/lang/CharSequence;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# At most so many characters: the server refuses longer ones. Never null.
.method public static cut(Ljava/lang/String;I)Ljava/lang/String;
    .locals 1
    if-nez p0, :there
    const-string v0, ""
    return-object v0
    :there
    invoke-virtual {p0}, Ljava/lang/String;->length()I
    move-result v0
    invoke-static {v0, p1}, Ljava/lang/Math;->min(II)I
    move-result p1
    const/4 v0, 0x0
    invoke-virtual {p0, v0, p1}, Ljava/lang/String;->substring(II)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method
