# What Android's installer says of the session: done, refused, or that a person must agree.
.class public final Ldev/drydock/agent/InstallResult;
.super Landroid/content/BroadcastReceiver;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/content/BroadcastReceiver;-><init>()V
    return-void
.end method

.method public onReceive(Landroid/content/Context;Landroid/content/Intent;)V
    .locals 4
    const-string v0, "android.content.pm.extra.STATUS"
    const/4 v1, 0x1
    invoke-virtual {p2, v0, v1}, Landroid/content/Intent;->getIntExtra(Ljava/lang/String;I)I
    move-result v0
    if-eqz v0, :done
    const/4 v1, -0x1
    if-ne v0, v1, :refused
    const-string v2, "android.intent.extra.INTENT"
    invoke-virtual {p2, v2}, Landroid/content/Intent;->getParcelableExtra(Ljava/lang/String;)Landroid/os/Parcelable;
    move-result-object v2
    check-cast v2, Landroid/content/Intent;
    if-eqz v2, :done
    invoke-static {p1, v2}, Ldev/drydock/agent/Question;->ask(Landroid/content/Context;Landroid/content/Intent;)V
    return-void
    :refused
    const-string v2, "android.content.pm.extra.STATUS_MESSAGE"
    invoke-virtual {p2, v2}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    const-string v3, "switching"
    invoke-static {p1, v3}, Ldev/drydock/agent/Attempt;->isIn(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v3
    if-eqz v3, :done
    const-string v3, "install-failed"
    invoke-static {p1, v3, v2}, Ldev/drydock/agent/Attempt;->fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p1}, Ldev/drydock/agent/Attempt;->skip(Landroid/content/Context;)V
    const/4 v0, 0x1
    invoke-static {p1, v0}, Ldev/drydock/agent/Timer;->soon(Landroid/content/Context;I)V
    :done
    return-void
.end method
