# The last step of setting up a device by the QR code: there is no policy to set, so it is done.
.class public final Ldev/drydock/agent/PolicyCompliance;
.super Landroid/app/Activity;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

.method public onCreate(Landroid/os/Bundle;)V
    .locals 1
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V
    invoke-virtual {p0}, Ldev/drydock/agent/PolicyCompliance;->getIntent()Landroid/content/Intent;
    move-result-object v0
    invoke-static {p0, v0}, Ldev/drydock/agent/Admin;->begin(Landroid/content/Context;Landroid/content/Intent;)V
    const/4 v0, -0x1
    invoke-virtual {p0, v0}, Ldev/drydock/agent/PolicyCompliance;->setResult(I)V
    invoke-virtual {p0}, Ldev/drydock/agent/PolicyCompliance;->finish()V
    return-void
.end method
