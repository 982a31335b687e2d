# A "no" in the server's own words: a status and a reason code of docs/reasons.md.
.class public final Ldev/drydock/agent/Refused;
.super Ljava/io/IOException;

.field public final status:I

.method public constructor <init>(ILjava/lang/String;)V
    .locals 0
    invoke-direct {p0, p2}, Ljava/io/IOException;-><init>(Ljava/lang/String;)V
    iput p1, p0, Ldev/drydock/agent/Refused;->status:I
    return-void
.end method
